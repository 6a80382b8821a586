"""Audio for the benchmarks."""

import io
import math
import struct
import wave

RATE_HZ = 44_100
_SECOND = b"".join(struct.pack("<h", round(9_000 * math.sin(2 * math.pi * 440 * n / RATE_HZ))) for n in range(RATE_HZ))


def wav(seconds: float) -> bytes:
    """Return a WAV file of a tone, one channel of 16 bits."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes((_SECOND * math.ceil(seconds))[: 2 * round(seconds * RATE_HZ)])
    return out.getvalue()
