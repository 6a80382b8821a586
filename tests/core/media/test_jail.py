"""What a media process can't do, whatever the file in its hands makes of it."""

import asyncio
import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest

from core.domain.audio import raw_format
from core.domain.errors import MediaError
from core.media import jail as media_jail
from core.media.media import Media
from tests.core.media.files import write_wav
from tests.core.media.opens import watched

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="seccomp, /proc and inotify are Linux's")

# Each names the file beside it and a host, in the words of a format that ffmpeg follows if it is let.
HOSTILE = {
    "concat": "ffconcat version 1.0\nfile secret.wav\n",
    "concat-of-a-host": "ffconcat version 1.0\nfile http://127.0.0.1:{port}/a.wav\n",
    "playlist.m3u8": "#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nsecret.wav\n#EXTINF:9,\nhttp://127.0.0.1:{port}/a.wav\n"
    "#EXT-X-ENDLIST\n",
    "dash.mpd": '<?xml version="1.0"?><MPD type="static" mediaPresentationDuration="PT9S"><Period><AdaptationSet '
    'mimeType="audio/wav"><Representation id="1" bandwidth="9"><BaseURL>http://127.0.0.1:{port}/</BaseURL>'
    '<SegmentList><SegmentURL media="secret.wav"/></SegmentList></Representation></AdaptationSet></Period></MPD>',
    "sdp": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=a\nc=IN IP4 127.0.0.1\nt=0 0\nm=audio {port} RTP/AVP 0\n",
    "tagged": "ID3\x04\x00\x00\x00\x00\x00\x00#EXTM3U\n#EXTINF:9,\nsecret.wav\nhttp://127.0.0.1:{port}/a.wav\n",
}

ATTEMPTS = """
import ctypes, json, os, resource, socket, subprocess, sys, threading
sys.path.append(sys.argv[1])
from core.media.jail import confine
confine(1 << 30)

def tried(act):
    try:
        act()
    except OSError as error:
        return error.errno
    return 0

def child():
    if os.fork() == 0:
        os._exit(0)

thread = threading.Thread(target=lambda: None)
print(json.dumps({
    "socket": tried(socket.socket),
    "fork": tried(child),
    "run": tried(lambda: subprocess.run(["true"])),
    "exec": tried(lambda: os.execv("/bin/true", ["true"])),
    "kill": tried(lambda: os.kill(os.getppid(), 0)),
    "pidfd": tried(lambda: os.pidfd_open(os.getppid())),
    "thread": tried(thread.start),
    "read": tried(lambda: open(sys.argv[1] + "/core/media/jail.py").close()),
}))
"""


@pytest.mark.asyncio(loop_scope="module")
async def test_hostile_containers_open_nothing_else(shared: Media, tmp_path: Path) -> None:
    connections: list[str] = []

    async def note(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append("tcp")
        writer.close()

    server = await asyncio.start_server(note, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    write_wav(tmp_path / "secret.wav", 1)
    for name, content in HOSTILE.items():
        (tmp_path / name).write_text(content.format(port=port))
    async with server:
        for name in HOSTILE:
            for raw in (None, raw_format("pcm_8000")):
                with watched(tmp_path) as opened, suppress(MediaError):
                    await shared.probe(tmp_path / name, raw)
                assert opened == {name}
    assert connections == []


def test_a_jailed_process_starts_reaches_and_connects_to_nothing() -> None:
    root = str(Path(media_jail.__file__).parents[2])
    done = subprocess.run([sys.executable, "-I", "-c", ATTEMPTS, root], capture_output=True, text=True, check=True)
    refused = dict.fromkeys(("socket", "fork", "run", "exec", "kill", "pidfd"), 1)
    assert json.loads(done.stdout) == {**refused, "thread": 0, "read": 0}
    assert done.stderr == ""


async def test_what_is_limited_shows_in_the_process(tmp_path: Path) -> None:
    media = Media(children=1, memory_bytes=1 << 29)
    await media.probe(write_wav(tmp_path / "a", 1))
    (pid,) = (child.pid for child in media._pool._alive)
    status, limits = (Path(f"/proc/{pid}/{name}").read_text() for name in ("status", "limits"))
    await media.close()
    assert "NoNewPrivs:\t1" in status
    assert "Seccomp:\t2" in status
    named = {line[:26].strip(): line[26:].split()[:2] for line in limits.splitlines()}
    for name, most in {
        "Max cpu time": media_jail.CPU_S,
        "Max file size": media_jail.FILE_BYTES,
        "Max core file size": 0,
        "Max open files": media_jail.OPEN_FILES,
        "Max address space": 1 << 29,
    }.items():
        assert named[name] == [str(most)] * 2, name
