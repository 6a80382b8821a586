"""How loud parts are played, and where an order is split into files."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.audio import Want
from core.domain.joining import AudioPart, Measure, Piece, gains, groups
from tests.audio import PROBE

MINUTE_MS = 60_000
WANT = Want(24_000 // 8 * 600, frozenset({"ogg/opus"}), "opus")
"""Almost ten minutes of the least good speech."""


def piece(minutes: float, pause_ms: int = 0, title: str = "", lulls: Sequence[float] = ()) -> Piece:
    end_ms = round(minutes * MINUTE_MS)
    measure = Measure(0, end_ms, -20, 9000, 0, tuple(round(at * MINUTE_MS) for at in lulls))
    return Piece(AudioPart(Path("part"), PROBE, pause_ms, title), measure, 0)


def minutes(files: list[list[Piece]]) -> list[list[tuple[float, float]]]:
    """Return what is heard of each piece of each file."""
    return [[(p.measure.begin_ms / MINUTE_MS, p.measure.end_ms / MINUTE_MS) for p in file] for file in files]


def titles(files: list[list[Piece]]) -> list[list[str]]:
    return [[piece.part.title for piece in file] for file in files]


def test_all_go_down_for_one_that_has_no_room() -> None:
    measures = [Measure(0, MINUTE_MS, lufs, peak, 0) for lufs, peak in ((-20, 9000), (-24, 20_000), (-16, 9000))]
    assert gains(measures) == pytest.approx([-1.21, 2.79, -5.21], abs=0.02)


def test_what_fits_is_one_file() -> None:
    assert len(groups([piece(3)] * 3, WANT, 1)) == 1
    assert len(groups([piece(3, 20_000)] * 3, WANT, 1)) == 2


def test_a_file_ends_before_the_last_chapter_that_fits() -> None:
    order = [piece(2, title="One"), piece(2, title="Two"), piece(2, 900), piece(2), piece(4, title="Three")]
    files = groups(order, WANT, 1)
    assert titles(files) == [["One", "Two", "", ""], ["Three"]]
    files = groups([*order[:4], piece(4)], WANT, 1)
    assert titles(files) == [["One"], ["Two", "", ""], ["Two"]]


def test_without_chapters_a_file_ends_at_the_longest_pause_of_its_second_half() -> None:
    order = [piece(2, pause_ms) for pause_ms in (0, 900, 100, 500, 300, 300, 300)]
    assert [len(file) for file in groups(order, WANT, 1)] == [3, 4]


def test_a_file_within_a_chapter_repeats_its_title() -> None:
    order = [piece(4, title="One"), *[piece(4)] * 5, piece(4, title="Two")]
    assert titles(groups(order, WANT, 1)) == [["One", ""], ["One", ""], ["One", ""], ["Two"]]


def test_a_part_longer_than_a_file_is_cut_in_even_lengths_where_it_is_quiet() -> None:
    files = groups([piece(25, title="One", lulls=[1, 2, 8.1, 8.5, 9.8, 16, 17])], WANT, 1)
    assert minutes(files) == [[(0, 8.5)], [(8.5, 17)], [(17, 25)]]
    assert titles(files) == [["One"]] * 3


def test_a_part_without_a_quiet_place_is_cut_plainly_and_what_follows_goes_with_its_end() -> None:
    files = groups([piece(25), piece(1, 500)], WANT, 1)
    assert [sum(end - begin for begin, end in file) for file in minutes(files)] == pytest.approx(
        [8.333, 8.333, 9.333], abs=0.01
    )
    assert [file[0].part.pause_ms for file in files] == [0, 0, 0]
    assert files[2][1].part.pause_ms == 500


def test_what_no_cut_helps_is_left_whole() -> None:
    assert groups([piece(1), piece(2)], replace(WANT, max_bytes=3000), 1) == [[piece(1), piece(2)]]
