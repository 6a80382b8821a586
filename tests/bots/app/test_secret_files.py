"""Secrets may stand in files, so that no environment and no `.env` holds them."""

from pathlib import Path

import pytest

from bots.app.environment import Reading, read
from tests import tokens


def reading(folder: Path, *lines: str) -> Reading:
    (folder / ".env").write_text("\n".join(lines))
    return read(_env_file=folder / ".env")


def secrets(folder: Path, **values: str) -> Path:
    (place := folder / "secrets").mkdir()
    for name, value in values.items():
        (place / name).write_text(f"{value}\n")
    return place


def said(found: Reading) -> tuple[str | None, str | None]:
    token, key = found.settings.telegram_token, found.settings.gateway_key
    return token.get_secret_value() if token else None, key.get_secret_value() if key else None


def test_each_secret_may_stand_in_a_file_of_its_own(tmp_path: Path) -> None:
    place = secrets(tmp_path, tg=tokens.TELEGRAM, key="canary")
    found = reading(tmp_path, f"TELEGRAM_TOKEN_FILE={place / 'tg'}", f"gateway_key_file={place / 'key'}")
    assert (said(found), found.faults, found.strange) == ((tokens.TELEGRAM, "canary"), [], [])


@pytest.mark.parametrize("name", ["SECRETS_DIR", "CREDENTIALS_DIRECTORY"])
def test_a_folder_holds_secrets_by_their_names_and_what_is_set_wins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    place = secrets(tmp_path, TELEGRAM_TOKEN=tokens.TELEGRAM, gateway_key="from the folder", rhsm="another's")
    monkeypatch.setenv(name, str(place))
    monkeypatch.setenv("GATEWAY_KEY", "set")
    found = read(_env_file=None)
    assert (said(found), found.faults) == ((tokens.TELEGRAM, "set"), [])


def test_a_secret_that_can_not_be_had_from_its_file_is_a_fault_that_holds_none(tmp_path: Path) -> None:
    place = secrets(tmp_path, key="canary", empty="")
    (place / "bytes").write_bytes(b"\xff\xfe")
    wrong = {
        f"GATEWAY_KEY_FILE={place / 'no'}": f"{place / 'no'} can't be read (No such file or directory): put the path",
        f"GATEWAY_KEY_FILE={place}": f"{place} can't be read (Is a directory)",
        f"GATEWAY_KEY_FILE={place / 'empty'}": f"{place / 'empty'} can't be read (it is empty)",
        f"GATEWAY_KEY_FILE={place / 'bytes'}": f"{place / 'bytes'} can't be read (it is not UTF-8)",
        f"GATEWAY_KEY=canary\nGATEWAY_KEY_FILE={place / 'key'}": "GATEWAY_KEY and GATEWAY_KEY_FILE are both set",
        f"SECRETS_DIR={place / 'no'}": f"SECRETS_DIR: there is no folder {place / 'no'}",
        f"SECRETS_DIR={place}\nDATABASE_URL=": "",
    }
    for lines, told in wrong.items():
        found = reading(tmp_path, lines)
        assert (told in (said := "".join(found.faults)), bool(said), "canary" in said) == (True, bool(told), False)


def test_a_slip_in_a_folder_of_secrets_is_told(tmp_path: Path) -> None:
    place = secrets(tmp_path, discord_tokne=tokens.DISCORD)
    [fault] = reading(tmp_path, f"SECRETS_DIR={place}").faults
    assert fault == (f"discord_tokne in {place} is no setting: did you mean DISCORD_TOKEN? Rename it, or take it away.")
