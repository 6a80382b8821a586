"""Text to speech with eSpeak NG, called in-process."""

import ctypes
import io
import re
import threading
import wave
from collections.abc import Mapping
from typing import Any

from bots.sandbox.faults import unmarked
from bots.sandbox.missing import SandboxMissing
from bots.sandbox.voices import Voice, language_of, voice_named

try:
    import espeakng_loader
    import numpy as np
except ImportError as error:
    raise SandboxMissing from error

# Values of enumerations and flags in eSpeak NG's speak_lib.h.
OUTPUT_SYNCHRONOUS, DONT_EXIT = 2, 0x8000
RATE, PITCH, PITCH_RANGE = 1, 3, 4
CHARS_UTF8, POSITION_CHARACTER = 1, 1

SLOWEST, FASTEST = 80, 450
"""The engine's range of speaking rates, in words per minute."""
PEAK = 29_000
"""The peak, out of 32,767, to which audio is scaled, since voices differ in loudness."""
TAG = re.compile(r"\[[^\[\]\n]{1,80}\]")

SamplesArrived = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


class Engine:
    """The process's only eSpeak NG: its state is global, so every use holds a lock.

    Some state carries over between utterances, so the same text sounds the same but differs in its bytes.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._chunks: list[bytes] = []
        self._library: ctypes.CDLL | None = None
        self._callback = SamplesArrived(self._gather)  # kept here: C holds no reference
        self.sample_rate = 0

    def say(self, text: str, voice: Voice, *, rate: int, pitch_range: int) -> bytes:
        """Return signed 16-bit mono samples at `sample_rate`. Blocks. Raises RuntimeError when the engine fails."""
        with self._lock:
            library = self._library or self._load()
            self._chunks.clear()
            self._choose(library, voice)
            for parameter, value in ((RATE, rate), (PITCH, voice.pitch), (PITCH_RANGE, pitch_range)):
                library.espeak_SetParameter(parameter, value, 0)
            self._synthesise(library, text.encode() + b"\0")
            return b"".join(self._chunks)

    def _load(self) -> ctypes.CDLL:
        library = ctypes.CDLL(espeakng_loader.get_library_path())
        data = espeakng_loader.get_data_path().encode()
        self.sample_rate = library.espeak_Initialize(OUTPUT_SYNCHRONOUS, 0, data, DONT_EXIT)
        if self.sample_rate <= 0:
            raise RuntimeError(f"eSpeak NG can't use its data in {data.decode()}")
        library.espeak_SetSynthCallback(self._callback)
        self._library = library
        return library

    @staticmethod
    def _choose(library: ctypes.CDLL, voice: Voice) -> None:
        name = f"{voice.accent}+{voice.variant}"
        if library.espeak_SetVoiceByName(name.encode()) != 0:
            raise RuntimeError(f"eSpeak NG has no voice {name}")

    @staticmethod
    def _synthesise(library: ctypes.CDLL, text: bytes) -> None:
        # Without the SSML and phoneme flags, markup and [[...]] are plain text.
        size = ctypes.c_size_t(len(text))
        if library.espeak_Synth(text, size, 0, POSITION_CHARACTER, 0, CHARS_UTF8, None, None) != 0:
            raise RuntimeError("eSpeak NG refused the text")

    def _gather(self, samples: Any, count: int, _events: int | None) -> int:
        if samples and count > 0:
            self._chunks.append(ctypes.string_at(samples, count * 2))
        return 0


ENGINE = Engine()


def speak(payload: Mapping[str, Any]) -> bytes:
    """Return the audio of a valid speech request as WAV: 22.05 kHz, 16-bit, mono. Blocks."""
    voice = voice_named(payload["voice"])
    text = spoken(payload["text"])
    if language := language_of(text):
        voice = Voice(language, voice.variant, voice.pitch, voice.rate)
    rate = min(max(round(voice.rate * payload.get("speed", 1.0)), SLOWEST), FASTEST)
    # Lower stability makes the voice livelier.
    pitch_range = round(70 - 40 * payload.get("stability", 0.5) + 20 * (payload.get("similarity_boost", 0.75) - 0.75))
    return wav(ENGINE.say(text, voice, rate=rate, pitch_range=pitch_range), ENGINE.sample_rate)


def spoken(text: str) -> str:
    """Remove what is not read aloud: fault markers, tags such as [whispers], control characters.

    Text without letters or digits becomes a short sound instead of silence.
    """
    plain = "".join(c if c.isprintable() or c == "\n" else " " for c in TAG.sub(" ", unmarked(text)))
    return plain if any(c.isalnum() for c in plain) else "Hm."


def wav(samples: bytes, sample_rate: int) -> bytes:
    """Return signed 16-bit mono samples as a WAV file, scaled to PEAK."""
    levels = np.frombuffer(samples, "<i2").astype(np.float32)
    levels *= PEAK / max(float(np.abs(levels).max(initial=1.0)), 1.0)
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(sample_rate)
        file.writeframes(levels.astype("<i2").tobytes())
    return out.getvalue()
