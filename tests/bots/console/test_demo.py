"""The demo through its real entry: a process, the sandbox gateway, a throw-away database."""

import asyncio
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from core.media.media import Media
from tests.waiting import WAIT_S

ROOT = Path(__file__).parents[3]
HOSTILE = {
    "DISCORD_TOKEN": "canary",
    "TELEGRAM_TOKEN": "canary",
    "DATABASE_URL": "mysql://canary",
    "GATEWAY_URL": "http://127.0.0.1:9",
    "DEFAULT_ALLOWANCE": "0 day",
    "HTTP_PORT": "nonsense",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "ALL_PROXY": "http://127.0.0.1:9",
}
"""What somebody who runs the real service may have in the environment."""


@dataclass(frozen=True)
class Ended:
    status: int
    out: str
    err: str


async def troubadour(*arguments: str | Path, cwd: Path, stdin: str = "", **environment: str) -> Ended:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bots",
        *map(str, arguments),
        cwd=cwd,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "TMPDIR": str(cwd), **environment},
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(WAIT_S):
        out, err = await process.communicate(stdin.encode())
    assert process.returncode is not None
    return Ended(process.returncode, out.decode(), err.decode())


async def test_whoever_reads_only_the_beginning_ends_the_demo_without_a_word(tmp_path: Path) -> None:
    (tmp_path / "script.txt").write_text("ann: /voices\n" * 9)
    ours, theirs = os.pipe()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bots", "demo", "--script", "script.txt", cwd=tmp_path, stdout=theirs,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    os.close(theirs)
    await asyncio.to_thread(os.read, ours, 1)
    os.close(ours)
    async with asyncio.timeout(WAIT_S):
        _, err = await process.communicate()
    assert (process.returncode, err) == (2, b"")


async def scripted(folder: Path, script: str, **environment: str) -> Ended:
    (folder / "script.txt").write_text(script)
    return await troubadour("demo", "--script", "script.txt", "--out", "out", cwd=folder, **environment)


async def test_a_conversation_ends_with_audio_that_plays_and_books_that_balance(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("DEFAULT_VOICE=Nobody\n")
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "01-aria-speech.wav").write_bytes(b"from before")
    demo = await scripted(
        tmp_path,
        "ann: /speak ARIA Hello everyone\n"
        "@mia: /quota set @bob 0.0005 day\n"
        "ann: /quota set @ann unlimited month\n"
        "bob: /speak Roger Hello everyone\n"
        "bob: /speak Hi\n"
        "bob: /balance\n",
        **HOSTILE,
    )
    assert (demo.status, demo.err) == (0, "")
    files = sorted((tmp_path / "out").iterdir())
    assert [file.name for file in files] == ["01-aria-speech.wav", "02-Aria-Hello-everyone.wav", "03-Aria-Hi.wav"]
    assert files[0].read_bytes() == b"from before"
    await playable(files[1:])
    assert "This costs $0.0014, and you have $0.0005 left today." in demo.out
    assert "Only admins of this community may do that." in demo.out
    assert "You have $0.0003 left today." in demo.out
    assert "ann: $0.0014" in demo.out
    assert "bob: $0.0002" in demo.out
    assert "They balance: 2 jobs, 4 entries, $0.0016 charged" in demo.out
    assert "\x1b" not in demo.out
    assert not list(tmp_path.glob("troubadour-demo-*")), "the throw-away database is still there"


async def playable(files: list[Path]) -> None:
    media = Media()
    try:
        for file in files:
            assert (await media.probe(file)).duration_ms > 100
    finally:
        await media.close()


async def test_an_accepted_order_that_ends_without_audio_fails_the_run(tmp_path: Path) -> None:
    demo = await scripted(
        tmp_path, "ann: /speak [[fault:failed]] Hello\nann: /speek Hello\nann: /speak\nann: /balance\n"
    )
    assert demo.status == 1
    assert "You were not charged." in demo.out
    assert "I don't know /speek. Did you mean /speak?" in demo.out
    assert "Write what I should say" in demo.out
    assert "You have $0.10 left today." in demo.out
    assert " $0.00 charged" in demo.out
    assert [file.name for file in (tmp_path / "out").iterdir()] == ["troubadour.log"]


async def test_what_the_program_logs_stands_in_a_file_and_not_between_the_lines(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    demo = await scripted(tmp_path, "ann: /speak [[fault:401]] Hello\nann: /speak Aria Hello\n")
    assert demo.err == ""
    assert "What the program logs goes to out/troubadour.log." in demo.out
    assert "ERROR" in (tmp_path / "out" / "troubadour.log").read_text()


async def test_typed_lines_are_said_by_you_and_every_order_is_waited_for(tmp_path: Path) -> None:
    typed = "h\u00ebllo\n/music rain\n@mia: /quota default 0.02 week\n\nbob: /quota show @mia\n/quota show @bob\n/quit\n/help\n"
    demo = await troubadour(
        "demo", "--out", tmp_path / "new" / "out", cwd=tmp_path, stdin=typed, PYTHONIOENCODING="ascii"
    )
    assert (demo.status, demo.err) == (0, "")
    assert "Everybody without a quota of their own may now spend: $0.02 a week." in demo.out
    assert "Only admins" in demo.out
    assert "bob: $0.02 a week (the community's default)" in demo.out
    assert "you: $0.0004" in demo.out
    assert "For admins" not in demo.out, "/quit is the end"
    assert [file.name for file in (tmp_path / "new" / "out").iterdir()] == ["01-rain.mp3"]


async def test_a_script_that_is_none_is_refused_before_anything_happens(tmp_path: Path) -> None:
    demo = await scripted(tmp_path, "ann: hi\nnobody says this\n")
    assert (demo.status, demo.out) == (2, "")
    assert demo.err.startswith("script.txt, line 2: expected `name: text`")
    assert not (tmp_path / "out").exists()
