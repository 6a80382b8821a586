"""Previews of voices: a few words in each language, made once at the operator's expense, for members to compare."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from core.domain.lifecycle import Reason
from core.domain.models import Artifact
from core.domain.quota import DAY_MS

AGAIN_MS = DAY_MS
"""Between a try that was lost or failed and the next."""

WORDS: Mapping[str, str] = {
    "ar": "مرحبًا! هكذا يبدو صوتي عندما أقرأ لك.",
    "cs": "Ahoj! Takhle zním, když ti čtu.",
    "de": "Hallo! So klinge ich, wenn ich dir vorlese.",
    "en": "Hello! This is how I sound when I read to you.",
    "es": "¡Hola! Así sueno cuando te leo algo.",
    "fr": "Bonjour ! Voilà ma voix quand je te fais la lecture.",
    "hi": "नमस्ते! जब मैं पढ़कर सुनाऊँ, तो मेरी आवाज़ ऐसी लगती है।",
    "id": "Halo! Beginilah suaraku saat membaca untukmu.",
    "it": "Ciao! Questa è la mia voce quando leggo per te.",
    "ja": "こんにちは。読み上げると、こんな声です。",
    "ko": "안녕하세요! 제가 읽어 드리면 이런 목소리예요.",
    "nl": "Hallo! Zo klink ik als ik je voorlees.",
    "pl": "Cześć! Tak brzmi mój głos, kiedy ci czytam.",
    "pt": "Olá! É assim que soa a minha voz quando leio para você.",
    "ru": "Привет! Вот так звучит мой голос, когда я читаю.",
    "sv": "Hej! Så här låter jag när jag läser för dig.",
    "tr": "Merhaba! Sana bir şey okuduğumda sesim böyle.",
    "uk": "Привіт! Ось так звучить мій голос, коли я читаю.",
    "zh": "你好！我读给你听的时候，声音是这样的。",  # noqa: RUF001 - Chinese
}
"""What is spoken, by language: no name and no gender, so that every voice can say it."""
USUAL = "en"


def language_of(tag: str) -> str:
    """Return the language in which somebody with this BCP-47 tag hears previews."""
    language = tag.partition("-")[0].lower()
    return language if language in WORDS else USUAL


class PreviewState(StrEnum):
    """How far a try to make a preview is: submitting -> running -> kept, and from each of them -> failed."""

    SUBMITTING = "submitting"
    """Its request may have left; where the process ended then, it stays so, and counts as spent."""
    RUNNING = "running"
    KEPT = "kept"
    FAILED = "failed"


class WhyNot(StrEnum):
    """Why there is no preview."""

    NO_BUDGET = "no_budget"
    """The operator has set none."""
    SPENT = "spent"
    """What is left of this month's budget, or of the total pool, is less than it costs."""
    TRIED = "tried"
    """It was tried within a day, or somebody tries now."""
    AWAY = "away"
    """The gateway can't be asked now; nothing was spent on that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """Our row for one try to make the preview of a voice in a language."""

    preview_id: str
    voice: str
    language: str
    state: PreviewState
    cost_micros: int
    """What the operator may have to pay: 0 once it is proven that nothing is."""
    month_ms: int
    """In which it counts."""
    tried_ms: int
    request_id: str | None = None
    reason: Reason | None = None
    artifact: Artifact | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A preview that can be made now."""

    voice: str
    language: str
    cost_micros: int
    """0 where it is paid for, and only has to be fetched."""


def decide(newest: Preview | None, left_micros: int | None, cost_micros: int, now_ms: int) -> Preview | WhyNot | None:
    """Return the preview that there is or soon will be, or why none may be made; None where one may.

    `newest`: the last try, or the one that is kept; `left_micros`: of the budget, None where none is set.
    """
    if newest and newest.state in {PreviewState.RUNNING, PreviewState.KEPT}:
        return newest
    if left_micros is None:
        return WhyNot.NO_BUDGET
    if newest and now_ms - newest.tried_ms < AGAIN_MS:
        return WhyNot.TRIED
    return WhyNot.SPENT if cost_micros > left_micros else None
