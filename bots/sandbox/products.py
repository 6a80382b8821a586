"""The sandbox's products: their parameters, taken only from the gateway's documentation, and their sound."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bots.sandbox.encode import DEFAULT_FORMAT, WAV_SUFFIX, WAV_TYPE, kind_of
from bots.sandbox.music import compose
from bots.sandbox.speech import speak
from bots.sandbox.validation import Rule, between, boolean, output_format, words

Payload = Mapping[str, Any]


def _wav(_: Payload) -> tuple[str, str]:
    return WAV_TYPE, WAV_SUFFIX


def _chosen(payload: Payload) -> tuple[str, str]:
    kind = kind_of(payload.get("output_format", DEFAULT_FORMAT))
    return kind.media_type, kind.suffix


@dataclass(frozen=True, slots=True)
class SandboxProduct:
    """A product: how requests for it are validated, and how its audio is made."""

    endpoint: str
    rules: Mapping[str, Rule]
    required: tuple[str, ...]
    """Required parameters; the first is the one charged by the character."""
    make: Callable[[Payload], bytes]
    """Returns the audio file of a valid request. Blocks."""
    label: Callable[[Payload], tuple[str, str]] = _wav
    """Returns the file's media type and suffix."""

    def billed(self, payload: Payload) -> str:
        """Return the text that is charged."""
        return str(payload[self.required[0]])

    def complaint(self, payload: object) -> str | None:
        """Return what is wrong with a request's body, or None."""
        if not isinstance(payload, dict):
            return "the body must be a JSON object"
        for name in self.required:
            if name not in payload:
                return f"'{name}' is required"
        for name, value in payload.items():
            if name not in self.rules:
                return f"'{name}' is not a parameter"
            if wanted := self.rules[name](value):
                return f"'{name}' must be {wanted}"
        return None


PRODUCTS = {
    "speech": SandboxProduct(
        endpoint="/eleven-v3-alpha-954/v1/eleven-v3-alpha-request",
        rules={
            "text": words,
            "voice": words,
            "stability": between(0.0, 1.0),
            "similarity_boost": between(0.0, 1.0),
            "speed": between(0.5, 2.0),
        },
        required=("text", "voice"),
        make=speak,
    ),
    "music": SandboxProduct(
        endpoint="/elevenlabs-music-api-368/v1/elevenlabs-music-api-request",
        rules={"prompt": words, "respect_sections_durations": boolean, "output_format": output_format},
        required=("prompt",),
        make=compose,
        label=_chosen,
    ),
}
