"""How words are said: whole words in any case and script, the longest first, each once."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.domain.pronunciation import LONGEST_ENTRY, Pronouncer, Pronunciation
from core.domain.refusals import InvalidInput


def say(text: str, *entries: tuple[str, str], theirs: tuple[tuple[str, str], ...] = ()) -> str:
    lists = [Pronunciation.of(*each) for each in entries], [Pronunciation(*each, is_mine=False) for each in theirs]
    return Pronouncer([*lists[0], *lists[1]]).say(text)


@pytest.mark.parametrize(
    ("text", "spoken"),
    [
        ("Nginx, NGINX and nginxes in my_nginx!", "engine x, engine x and nginxes in my_engine x!"),
        ("nginx  proxy", "the proxy"),
        ("c++ and [nginx] c", "see plus plus and [nginx] see"),
        ("我爱東京的", "我爱Tokyo的"),
        ("Straße STRASSE", "street STRASSE"),
        ("a b", "b a"),
    ],
)
def test_whole_words_are_said_otherwise(text: str, spoken: str) -> None:
    entries = [("nginx", "engine x"), ("nginx proxy", "the proxy"), ("c++", "see plus plus"), ("c", "see")]
    assert say(text, *entries, ("東京", "Tokyo"), ("straße", "street"), ("a", "b"), ("b", "a")) == spoken


def test_the_members_own_wins() -> None:
    assert (
        say("nginx and gif", ("nginx", "engine x"), theirs=(("NGINX", "enjinx"), ("gif", "jif"))) == "engine x and jif"
    )


def test_a_text_grows_at_most_twofold() -> None:
    assert say("TLA here", ("tla", "three words")) == "three words here"
    with pytest.raises(InvalidInput) as refused:
        say("TLA a", ("tla", "three letter word"), ("a", "an"))
    assert refused.value.value == "tla"


@pytest.mark.parametrize("entry", [("", "x"), ("x", " "), ("!", "x"), ("x" * (LONGEST_ENTRY + 1), "x"), ("x", "a\x00")])
def test_what_is_no_entry_is_refused(entry: tuple[str, str]) -> None:
    with pytest.raises(InvalidInput):
        Pronunciation.of(*entry)


@given(st.text(), st.text("Жaß語 -", max_size=9), st.text("xyz", min_size=1, max_size=9))
def test_other_words_stay(text: str, written: str, spoken: str) -> None:
    if any(map(str.isalnum, written)) and " ".join(written.casefold().split()) not in " ".join(text.casefold().split()):
        assert say(text, (written, spoken)) == text
