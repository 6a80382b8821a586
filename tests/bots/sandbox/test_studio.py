"""Listen with numbers: length, loudness, pitch and spectrum of what the sandbox makes."""

import io
import itertools
import time
import wave
from collections.abc import Callable

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from bots.sandbox.encode import encode, kind_of
from bots.sandbox.music import RATE, render
from bots.sandbox.speech import speak
from bots.sandbox.speech import spoken as to_speak
from bots.sandbox.tunes import hinted_s, plan
from bots.sandbox.validation import OUTPUT_FORMATS
from bots.sandbox.voices import VOICES, language_of, voice_named
from tests.bots.sandbox.sandbox_user import MUSIC, spoken, user_of

SENTENCE = "Hello! This is a test of the text to speech system. How does it sound? Every voice reads the same words here, one after another."
RAW = {"pcm": "s16le", "ulaw": "mulaw", "alaw": "alaw"}

Samples = NDArray[np.float64]


def heard(file: bytes) -> tuple[Samples, int]:
    with wave.open(io.BytesIO(file)) as reading:
        assert (reading.getnchannels(), reading.getsampwidth()) == (1, 2)
        frames = np.frombuffer(reading.readframes(reading.getnframes()), "<i2")
        return frames.astype(float), reading.getframerate()


def said(text: str, voice: str = "Aria", **more: float) -> Samples:
    return heard(speak({"text": text, "voice": voice, **more}))[0]


def rms(samples: Samples) -> float:
    return float(np.sqrt((samples**2).mean()))


def colour(samples: Samples) -> Samples:
    """Return the mean spectrum in decibels: a voice's timbre, whatever it says."""
    frames = samples[: len(samples) // 2048 * 2048].reshape(-1, 2048) * np.hanning(2048)
    power = (np.abs(np.fft.rfft(frames)) ** 2).mean(axis=0)[2:600]
    decibels: Samples = 10 * np.log10(power + 1)
    return decibels


def distance(one: Samples, other: Samples) -> float:
    return float(np.abs(one - other).mean())


def median_hertz(samples: Samples, rate: int = 22050) -> float:
    found = []
    for frame in samples[: len(samples) // 1024 * 1024].reshape(-1, 1024):
        echo = np.correlate(frame, frame, "full")[1023:]
        lag = rate // 350 + int(echo[rate // 350 : rate // 65].argmax())
        if rms(frame) > 3000 and echo[lag] > 0.5 * echo[0]:
            found.append(rate / lag)
    return float(np.median(found))


async def test_speech_over_http_is_a_wav_that_lasts_as_long_as_a_person_needs() -> None:
    async with user_of() as user:
        samples, rate = heard(await user.media(spoken(SENTENCE)))
        assert rate == 22050
        assert 11 < len(SENTENCE) / (len(samples) / rate) < 20
        assert rms(samples) > 1000
        assert np.abs(samples).max() < 32_000


def test_every_voice_differs_from_every_other_more_than_from_itself() -> None:
    names = list(VOICES)
    first = {name: colour(said(SENTENCE, name)) for name in names}
    again = {name: colour(said(SENTENCE, name)) for name in names}
    self_distance = max(distance(first[name], again[name]) for name in names)
    others = {pair: distance(first[pair[0]], first[pair[1]]) for pair in itertools.combinations(names, 2)}
    closest = min(others, key=others.__getitem__)
    assert others[closest] > self_distance, (closest, others[closest], self_distance)


def test_a_voice_is_known_in_any_case_and_an_unknown_one_is_stable() -> None:
    assert voice_named(" ARIA ") == VOICES["aria"]
    assert voice_named("Zoe") == voice_named("zoe") != voice_named("Xavier")


def test_women_speak_higher_than_men() -> None:
    women = min(median_hertz(said(SENTENCE, name)) for name in ("Aria", "Sarah", "Rachel", "Charlotte"))
    men = max(median_hertz(said(SENTENCE, name)) for name in ("Roger", "George", "Brian", "Antoni"))
    assert women > 1.3 * men


def test_speed_changes_the_length() -> None:
    slow, normal, fast = (len(said(SENTENCE, speed=speed)) for speed in (0.5, 1.0, 2.0))
    assert 1.7 < slow / normal < 2.3
    assert 1.7 < normal / fast < 2.6


def test_tags_and_markers_are_not_read_aloud() -> None:
    plain = len(said("Good evening, everybody."))
    assert abs(len(said("[whispers] Good evening, [[fault:endless]] everybody.")) - plain) < 0.3 * plain
    assert to_speak("[laughs]\x00 hi [[fault:failed]]").split() == ["hi"]


@pytest.mark.parametrize(
    "text", ["...", "[laughs]", "🎵", "\u200b", "<speak>hi</speak>", "日本語のテスト", "Привет", "ok\x00"]
)
def test_odd_text_still_sounds(text: str) -> None:
    assert rms(said(text)) > 500


def test_text_is_read_in_the_language_of_its_script() -> None:
    assert (language_of("Привет, как дела?"), language_of("你好"), language_of("Hello")) == ("ru", "cmn", None)
    assert len(said("Привет, как дела?")) < 3 * 22050  # letter by letter it would take twice as long


def test_six_thousand_characters_are_read_to_the_end() -> None:
    text = ("All the world is a stage, and all the men and women merely players. " * 90)[:6000]
    assert 300 < len(said(text)) / 22050 < 520


@pytest.mark.parametrize("output_format", OUTPUT_FORMATS)
def test_every_format_decodes_at_its_rate_and_is_not_silent(output_format: str) -> None:
    codec, rate, *kilobits = output_format.split("_")
    file = encode(render(plan("6 second jazz", respect_durations=True)), RATE, output_format)
    options = {"sample_rate": rate} if codec in RAW else {}
    with av.open(io.BytesIO(file), "r", format=RAW.get(codec), options=options) as container:
        stream = container.streams.audio[0]
        assert (stream.rate, stream.channels) == (int(rate), 1)
        samples = np.concatenate([frame.to_ndarray().ravel() for frame in container.decode(stream)]).astype(float)
    full = 1.0 if codec in ("mp3", "opus") else 32768
    assert len(samples) / int(rate) == pytest.approx(6, abs=0.1)
    assert rms(samples / full) > 0.05
    if kilobits:
        assert len(file) * 8 / 6000 == pytest.approx(int(kilobits[0]), rel=0.25)


async def test_music_over_http_is_what_was_asked_for() -> None:
    async with user_of() as user:
        for output_format in ("mp3_22050_32", "ulaw_8000"):
            file = await user.media({"prompt": "rain", "output_format": output_format}, MUSIC)
            assert file == encode(render(plan("rain", respect_durations=False)), RATE, output_format)
        assert (await user.media({"prompt": "rain"}, MUSIC))[:3] in (b"ID3", b"\xff\xfb\x90")


def test_formats_are_labelled() -> None:
    labels = {(kind_of(name).media_type, kind_of(name).suffix) for name in OUTPUT_FORMATS}
    assert labels == {
        *(("audio/mpeg", "mp3"), ("audio/pcm", "pcm"), ("audio/basic", "ulaw")),
        *(("audio/x-alaw-basic", "alaw"), ("audio/ogg", "opus")),
    }


def test_a_tune_is_the_same_for_the_same_prompt_and_another_for_another() -> None:
    prompts = ["lo-fi rain", "fast jazz", "sad piano", "one", "two", "three"]
    tunes = [render(plan(prompt, respect_durations=False)) for prompt in prompts]
    assert len(set(tunes)) == len(prompts)
    assert tunes == [render(plan(prompt, respect_durations=False)) for prompt in prompts]
    for tune in tunes:
        samples = np.frombuffer(tune, "<i2").astype(float)
        assert 6 <= len(samples) / RATE <= 10
        assert 2000 < rms(samples) < 12_000


def test_the_words_of_a_prompt_are_heard() -> None:
    assert plan("something slow", respect_durations=False).beats_per_minute < 70
    assert plan("something fast", respect_durations=False).beats_per_minute > 140
    assert plan("lo-fi rain beat", respect_durations=False).rain > 0


@pytest.mark.parametrize(
    ("prompt", "expected_s"),
    [
        *(("a 45-second loop", 45), ("30-second intro, 15 sec outro", 45), ("one 2-minute song", 60), ("12s", 12)),
        *(("in the 80s style", 60), ("rain", 0), ("0 seconds", 0)),
    ],
)
def test_durations_are_taken_from_the_prompt(prompt: str, expected_s: float) -> None:
    assert hinted_s(prompt) == expected_s


async def test_a_duration_counts_only_when_it_is_to_be_respected() -> None:
    assert plan("a 45-second loop", respect_durations=True).duration_s == 45
    assert plan("a 45-second loop", respect_durations=False).duration_s <= 10


def test_a_tune_is_cheap() -> None:
    """Beside work of the same kind on the same machine, of the thread's own time."""
    tune, noise = plan("8 second lo-fi rain beat", respect_durations=True), np.random.default_rng(1).random(1 << 19)
    spent_s = [[_spent_s(lambda: render(tune)), _spent_s(lambda: np.fft.rfft(noise))] for _ in range(3)]
    render_s, transform_s = (min(each) for each in zip(*spent_s, strict=True))
    assert render_s < 20 * transform_s


def _spent_s(work: Callable[[], object]) -> float:
    began = time.thread_time()
    work()
    return time.thread_time() - began
