"""How long a sound is, and how loud along its length: what a chat's player shows."""

import io
from collections.abc import Sequence

import av
import numpy as np

BARS = 40
_RATE_HZ = 8_000


def duration_s(content: bytes) -> int:
    """Return the length of a sound as a player shows it, in whole seconds and at least one."""
    return max(1, round(len(_samples(content)) / _RATE_HZ))


def peaks(content: bytes, bars: int = BARS) -> Sequence[float]:
    """Return the loudest sample of each of `bars` parts of a sound, 0 to 1."""
    parts = np.array_split(np.abs(_samples(content)), bars)
    loudest = [float(part.max(initial=0)) for part in parts]
    return [peak / (max(loudest) or 1) for peak in loudest]


def _samples(content: bytes) -> "np.ndarray[tuple[int], np.dtype[np.float32]]":
    resampler = av.AudioResampler("flt", "mono", _RATE_HZ)
    with av.open(io.BytesIO(content), "r") as file:
        frames = [out for frame in file.decode(audio=0) for out in resampler.resample(frame)]
    found = [frame.to_ndarray()[0] for frame in (*frames, *resampler.resample(None)) if frame.samples]
    return np.concatenate(found) if found else np.zeros(1, dtype=np.float32)
