"""Audio for tests that do not listen."""

from core.domain.audio import Probe

PROBE = Probe(
    container="wav",
    codec="pcm_s16le",
    sample_rate_hz=22050,
    channels=1,
    duration_ms=1000,
    mime="audio/wav",
    extension="wav",
)
