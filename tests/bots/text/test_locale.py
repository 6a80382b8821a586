"""Sentences in other languages: which catalogue is taken, and what is said where it lacks something."""

from functools import lru_cache
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from hatchling.builders.wheel import WheelBuilder

from bots.text import locale
from bots.text.locale import N_, _, ngettext, speaking, tag_of
from tests.bots.text.catalogues import ROOT, sentences

TEMPLATE = "bots/text/locales/troubadour.pot"

GERMAN = """
msgid ""
msgstr "Content-Type: text/plain; charset=UTF-8\\nPlural-Forms: nplurals=2; plural=(n != 1);\\n"

msgid "Good day, {name}."
msgstr "Guten Tag, {name}."

msgid "Send again"
msgstr "Noch einmal senden"

msgid "You owe {amount}."
msgstr "Du schuldest {menge}."

msgid "{n} order of {name}"
msgid_plural "{n} orders of {name}"
msgstr[0] "{n} Auftrag von {name}"
msgstr[1] "{n} Aufträge von {name}"
"""


@pytest.fixture(autouse=True)
def german(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "de.po").write_text(GERMAN)
    monkeypatch.setattr(locale, "FOLDER", tmp_path)
    monkeypatch.setattr(locale, "language", lru_cache(locale.language.__wrapped__))


def greeting(tag: str) -> str:
    with speaking(tag):
        return _("Good day, {name}.", name="Ann {x}")


def test_a_language_is_spoken_where_it_is_set() -> None:
    assert [greeting(tag) for tag in ("de", "de-AT", "de-Latn-CH")] == ["Guten Tag, Ann {x}."] * 3
    assert [greeting(tag) for tag in ("", "en-GB", "fr", "xx", "no such tag")] == ["Good day, Ann {x}."] * 5
    assert _(N_("Send again")) == "Send again"


def test_another_region_is_nearer_than_english(tmp_path: Path) -> None:
    (tmp_path / "pt_BR.po").write_text(GERMAN)
    assert [greeting(tag) for tag in ("pt", "pt-PT", "pt-BR")] == ["Guten Tag, Ann {x}."] * 3


def test_what_a_catalogue_lacks_or_garbles_is_said_in_english() -> None:
    with speaking("de"):
        assert _(N_("Send again")) == "Noch einmal senden"
        assert _("Nobody has translated {what}.", what="this") == "Nobody has translated this."
        assert _("You owe {amount}.", amount="$1.00") == "You owe $1.00."


def test_a_name_that_runs_from_right_to_left_leaves_its_sentence_in_order() -> None:
    assert _("{name} has {amount}.", name="ليلى", amount="$0.0053") == "\u2068ليلى\u2069 has $0.0053."
    assert ngettext("{n} for {name}", "{n} for {name}", 2, name="רות Ann") == "2 for \u2068רות Ann\u2069"
    assert _("{name} and {other}", name="Ану 安娜 é", other="\u2068ليلى\u2069") == "Ану 安娜 é and \u2068ليلى\u2069"


def test_plurals_follow_the_language() -> None:
    said = []
    for tag in ("de", ""):
        with speaking(tag):
            said += [ngettext("{n} order of {name}", "{n} orders of {name}", n, name="Ann") for n in (1, 2)]
    assert said == ["1 Auftrag von Ann", "2 Aufträge von Ann", "1 order of Ann", "2 orders of Ann"]


@pytest.mark.parametrize(
    ("given", "tag"),
    [
        ("de_AT.UTF-8", "de-AT"),
        ("de_DE@euro", "de-DE"),
        ("pt-br", "pt-BR"),
        ("zh_hant_TW", "zh-Hant-TW"),
        ("C", ""),
        ("C.UTF-8", ""),
        ("", ""),
        (None, ""),
        ("../../etc", ""),
        ("de\n", ""),
    ],
)
def test_what_platforms_call_a_language_becomes_a_tag(given: str | None, tag: str) -> None:
    assert tag_of(given) == tag


def test_the_template_has_every_sentence_that_is_marked() -> None:
    with (ROOT / TEMPLATE).open("rb") as file:
        assert {m.id for m in read_po(file)} == {m.id for m in sentences()}, "make words writes it anew"


def test_what_is_installed_has_the_catalogues() -> None:
    assert TEMPLATE in {file.distribution_path for file in WheelBuilder(str(ROOT)).recurse_included_files()}
