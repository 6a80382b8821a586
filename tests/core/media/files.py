"""Audio files for the tests, written with the standard library and with the codecs themselves."""

import wave
from pathlib import Path
from typing import cast

import av
import numpy as np
from numpy.typing import NDArray


def names(folder: Path) -> list[str]:
    """Return what is in a folder, hidden files included."""
    return sorted(path.name for path in folder.iterdir())


def tone(seconds: float, rate: int, channels: int = 1) -> NDArray[np.int16]:
    """Return a sine with some noise, interleaved: neither silence nor a best case for a codec."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(1).normal(0, 300, len(time))
    return np.repeat((8000 * np.sin(2 * np.pi * 440 * time) + noise).astype("<i2"), channels)


def voice(seconds: float, rate: int, loud: float, offset: float, pitch: float = 140) -> NDArray[np.int16]:
    """Return syllables of a buzzing voice, with half a second of nothing around them."""
    time = np.arange(round(seconds * rate)) / rate
    buzz = sum(np.sin(2 * np.pi * pitch * n * time) / n for n in range(1, 12))
    sound = loud * buzz * (0.6 + 0.4 * np.sin(2 * np.pi * 4 * time))
    edge = np.zeros(rate // 2)
    return (np.concatenate((edge, sound, edge)) + offset).clip(-32768, 32767).astype("<i2")


def write_wav(path: Path, seconds: float, rate: int = 24_000, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(tone(seconds, rate, channels).tobytes())
    return path


def write(
    path: Path,
    container: str,
    encoder: str,
    seconds: float,
    rate: int,
    channels: int = 1,
    samples: NDArray[np.int16] | None = None,
) -> Path:
    """Encode a tone, or samples; `container` may be a raw format such as mulaw."""
    layout = "mono" if channels == 1 else "stereo"
    sound = tone(seconds, rate, channels) if samples is None else samples
    frame = av.AudioFrame.from_ndarray(sound[None], format="s16", layout=layout)
    frame.sample_rate = rate
    with av.open(path, "w", format=container) as sink:
        stream = cast("av.AudioStream", sink.add_stream(encoder, rate=rate, layout=layout))
        sink.mux(stream.encode(frame))
        sink.mux(stream.encode(None))
    return path
