"""Short tunes by additive synthesis: a plan in, samples out."""

from collections.abc import Iterator, Mapping
from typing import Any

from bots.sandbox.encode import DEFAULT_FORMAT, encode
from bots.sandbox.missing import SandboxMissing
from bots.sandbox.tunes import Tune, plan

try:
    import numpy as np
    from numpy.typing import NDArray
except ImportError as error:
    raise SandboxMissing from error

Samples = NDArray[np.float32]

RATE = 44_100
CYCLE = 2_048
"""The number of samples in a wavetable."""
FADE_S = 0.6
PEAK = 26_000
PAD_PARTIALS = (1.0, 0.25, 0.1)
BASS_PARTIALS = (1.0, 0.4)


def compose(payload: Mapping[str, Any]) -> bytes:
    """Return the audio file of a valid music request. Blocks."""
    tune = plan(payload["prompt"], respect_durations=payload.get("respect_sections_durations", False))
    return encode(render(tune), RATE, payload.get("output_format", DEFAULT_FORMAT))


def render(tune: Tune) -> bytes:
    """Render a tune as signed 16-bit mono samples at RATE."""
    random = np.random.default_rng(tune.seed)
    mix = np.zeros(round(tune.duration_s * RATE), np.float32)
    _play_harmony(mix, tune)
    _play_lead(mix, tune, random)
    _play_drums(mix, tune, random)
    if tune.rain:
        mix += _rain(len(mix), random) * tune.rain
    mix *= PEAK / float(np.abs(mix).max())
    fade = min(round(FADE_S * RATE), len(mix))
    mix[-fade:] *= np.linspace(1, 0, fade, dtype=np.float32)
    return mix.astype("<i2").tobytes()


def _beat_s(tune: Tune) -> float:
    return 60 / tune.beats_per_minute


def _bars(tune: Tune) -> Iterator[tuple[float, int]]:
    """Yield each four-beat bar's start, in seconds, and the scale degree of its chord."""
    bar_s = 4 * _beat_s(tune)
    for number in range(int(tune.duration_s / bar_s) + 1):
        yield number * bar_s, tune.progression[number % len(tune.progression)]


def _hertz(tune: Tune, degree: int) -> float:
    octave, step = divmod(degree, len(tune.scale))
    return float(440.0 * 2 ** ((tune.root + 12 * octave + tune.scale[step] - 69) / 12))


def _wave(partials: tuple[float, ...]) -> Samples:
    turn = np.arange(CYCLE, dtype=np.float32) * (2 * np.pi / CYCLE)
    harmonics: Samples = np.array([level * np.sin(turn * n) for n, level in enumerate(partials, 1)], np.float32)
    cycle: Samples = harmonics.sum(axis=0)
    return cycle


def _note(wave: Samples, hertz: float, length_s: float, ring_s: float) -> Samples:
    """Return one note: the wavetable at its pitch, with a soft attack and exponential decay."""
    ticks = np.arange(round(length_s * RATE), dtype=np.float32)
    note: Samples = wave[(ticks * np.float32(hertz * CYCLE / RATE)).astype(np.int32) & (CYCLE - 1)]
    note *= np.exp(ticks * np.float32(-1 / (ring_s * RATE)))
    attack = min(round(0.012 * RATE), len(note))
    note[:attack] *= np.linspace(0, 1, attack, dtype=np.float32)
    release = min(round(0.03 * RATE), len(note))
    note[-release:] *= np.linspace(1, 0, release, dtype=np.float32)
    return note


def _add(mix: Samples, sound: Samples, at_s: float, level: float) -> None:
    start = round(at_s * RATE)
    room = len(mix) - start
    if room > 0:
        mix[start : start + len(sound)] += sound[:room] * np.float32(level)


def _play_harmony(mix: Samples, tune: Tune) -> None:
    """Play one chord per bar, with a bass note on the first and third beat."""
    beat_s = _beat_s(tune)
    pad, bass = _wave(PAD_PARTIALS), _wave(BASS_PARTIALS)
    for at_s, chord in _bars(tune):
        for step in (0, 2, 4):
            _add(mix, _note(pad, _hertz(tune, chord + step), 4 * beat_s, 2.5), at_s, 0.13)
        for beat in (0, 2):
            _add(mix, _note(bass, _hertz(tune, chord) / 2, 1.8 * beat_s, 0.6), at_s + beat * beat_s, 0.35)


def _play_lead(mix: Samples, tune: Tune, random: np.random.Generator) -> None:
    """Play a random walk over the scale in eighths; the first of each bar is always the chord's root."""
    eighth_s = _beat_s(tune) / 2
    wave = _wave(tune.partials)
    degree = 7
    for at_s, chord in _bars(tune):
        for eighth in range(8):
            degree = int(np.clip(degree + random.integers(-2, 3), 5, 16)) if eighth else 7 + chord
            if eighth and random.random() > tune.density:
                continue
            late_s = tune.swing * eighth_s if eighth % 2 else 0.0
            note = _note(wave, _hertz(tune, degree), min(2.5 * tune.ring_s, 1.5), tune.ring_s)
            _add(mix, note, at_s + eighth * eighth_s + late_s, 0.22)


def _play_drums(mix: Samples, tune: Tune, random: np.random.Generator) -> None:
    """Play kick on beats one and three, snare on two and four, and hi-hat on the eighths."""
    if not tune.drums:
        return
    kick, snare, hat = _kick(), _hiss(0.16, 0.05, random), _hiss(0.05, 0.012, random)
    beat_s = _beat_s(tune)
    for at_s, _ in _bars(tune):
        for beat in range(4):
            hit_s = at_s + beat * beat_s
            _add(mix, snare if beat % 2 else kick, hit_s, tune.drums * (0.25 if beat % 2 else 0.6))
            _add(mix, hat, hit_s, tune.drums * 0.1)
            _add(mix, hat, hit_s + beat_s / 2 * (1 + tune.swing), tune.drums * 0.07)


def _kick() -> Samples:
    ticks = np.arange(round(0.22 * RATE), dtype=np.float32) / RATE
    fall: Samples = np.sin(2 * np.pi * (48 * ticks + 3.2 * (1 - np.exp(-ticks * 28)))) * np.exp(-ticks * 16)
    return fall


def _hiss(length_s: float, ring_s: float, random: np.random.Generator) -> Samples:
    ticks = np.arange(round(length_s * RATE), dtype=np.float32)
    noise = random.standard_normal(len(ticks), dtype=np.float32)
    hiss: Samples = np.diff(noise, prepend=noise[:1]) * np.exp(ticks * np.float32(-1 / (ring_s * RATE)))
    return hiss


def _rain(count: int, random: np.random.Generator) -> Samples:
    """Return the sound of rain: one second of low-passed noise, repeated."""
    noise = random.standard_normal(RATE, dtype=np.float32)
    soft = (noise + np.roll(noise, 1) + np.roll(noise, 2)) / 2
    return np.resize(soft, count)
