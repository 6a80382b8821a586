"""Audio files for the benchmarks."""

import math
import struct
import wave
from pathlib import Path

import av

RATE_HZ = 44_100


def wav(path: Path, size_bytes: int) -> Path:
    """Write a WAV file of a stereo tone, of about the given size in bytes."""
    second = b"".join(
        struct.pack("<hh", *(2 * [round(9_000 * math.sin(2 * math.pi * 440 * n / RATE_HZ))])) for n in range(RATE_HZ)
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        for _ in range(max(1, size_bytes // len(second))):
            file.writeframes(second)
    return path


def mp3(path: Path, seconds: int) -> Path:
    """Write an MP3 file at 128 kbit/s."""
    source = wav(path.with_suffix(".wav"), seconds * 4 * RATE_HZ)
    with av.open(source) as sound, av.open(path, "w", format="mp3") as sink:
        stream = sink.add_stream("mp3", rate=RATE_HZ, layout="stereo", bit_rate=128_000)
        for frame in sound.decode(audio=0):
            sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return path
