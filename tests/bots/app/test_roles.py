"""Roles and shards on the command line."""

import pytest

from bots.app.roles import Part, Shards
from core.domain.errors import ConfigurationError


@pytest.mark.parametrize(
    ("text", "ids", "count"), [("0-7/32", list(range(8)), 32), ("5/32", [5], 32), (" 0-0/1 ", [0], 1)]
)
def test_a_range_of_shards(text: str, ids: list[int], count: int) -> None:
    shards = Shards.parse(text)
    assert (shards.ids, shards.count) == (ids, count)
    assert Shards.parse(str(shards)) == shards


@pytest.mark.parametrize("text", ["", "7", "0-7", "7-0/32", "0-32/32", "32/32", "-1/4", "a-b/c", "0-7/32/1", "0/99999"])
def test_what_is_no_range_is_explained(text: str) -> None:
    with pytest.raises(ConfigurationError, match="--shards"):
        Shards.parse(text)


def test_all_roles_are_the_default() -> None:
    assert Part.parse("bot,worker,web", None) == Part()
    assert Part().whole
    assert Part().leads


@pytest.mark.parametrize(
    ("roles", "shards", "whole", "leads"),
    [
        ("worker, web", None, False, True),
        ("bot", None, False, True),
        ("bot,worker,web", "0-3/8", False, True),
        ("bot,worker,web", "4-7/8", False, False),
        ("bot,worker,web", "0-7/8", True, True),
    ],
)
def test_a_part_of_the_service(roles: str, shards: str | None, *, whole: bool, leads: bool) -> None:
    part = Part.parse(roles, shards)
    assert (part.whole, part.leads) == (whole, leads)


@pytest.mark.parametrize(
    ("roles", "shards", "said"),
    [
        ("bot,cook", None, "no role 'cook'.*bot, worker, web"),
        (" , ", None, "at least one"),
        ("worker,web", "0-1/2", "for the role bot"),
    ],
)
def test_what_can_not_work_is_a_sentence(roles: str, shards: str | None, said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        Part.parse(roles, shards)
