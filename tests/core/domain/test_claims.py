"""Who becomes the owner by the code from the terminal, and who does not."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.claims import Claims
from core.domain.errors import NotPermitted
from tests.core.rig import Rig
from tests.makers import caller


class Now:
    s = 0.0


@pytest.fixture
def claims() -> Claims:
    return Claims(lambda: Now.s)


def test_case_dashes_and_letters_that_look_like_digits_are_all_the_same() -> None:
    claims = Claims(lambda: 0.0, lambda _: 1 << 79 | 1)
    code = claims.issue()
    assert code == "g000-0000-0000-0001"
    assert claims.fits(code)
    assert claims.fits(" GOOO oooo-0000000L ")
    assert not claims.fits(code[:-1])


def test_it_has_eighty_random_bits_and_each_is_another(claims: Claims) -> None:
    asked: list[int] = []
    Claims(bits=lambda bits: asked.append(bits) or 0).issue()  # type: ignore[func-returns-value]
    assert asked == [80]
    first, second = claims.issue(), claims.issue()
    assert not claims.fits(first)
    assert claims.fits(second)


def test_five_wrong_tries_void_it(claims: Claims) -> None:
    code = claims.issue()
    assert [claims.fits(wrong) for wrong in ("", "é", "\ud800", "x" * 16)] == [False] * 4
    assert claims.fits(code)
    assert not claims.fits("wrong")
    assert not claims.fits(code)


def test_it_lasts_for_fifteen_minutes(claims: Claims, monkeypatch: pytest.MonkeyPatch) -> None:
    code = claims.issue()
    monkeypatch.setattr(Now, "s", 899.9)
    assert claims.fits(code)
    monkeypatch.setattr(Now, "s", 900.0)
    assert not claims.fits(code)
    monkeypatch.setattr(Now, "s", 0.0)
    assert not claims.fits(code)


def test_without_a_code_nothing_fits(claims: Claims) -> None:
    assert not claims.fits("")


async def test_of_two_who_claim_at_once_one_owns(tmp_path: Path) -> None:
    async with Rig(tmp_path).running() as alive:
        admin = alive.service.admin
        code = admin.claims.issue()
        who = [caller("ann", event_id="1"), caller("bea", event_id="2")]
        ends = await asyncio.gather(*(admin.claim(one, code) for one in who), return_exceptions=True)
        assert [type(end) for end in ends].count(NotPermitted) == 1
        assert len(await admin.owners()) == 1
        assert not admin.claims.fits(code)
        later = admin.claims.issue()
        with pytest.raises(NotPermitted, match="unclaimed"):
            await admin.claim(caller("cid", event_id="3"), later)
        noted = [(e.act, e.outcome) for e in await admin.audit(caller("boss", is_admin=True))]
        assert sorted(noted) == [("claim", "applied"), *[("claim", "refused: NotPermitted")] * 2]


async def test_a_shared_identity_claims_nothing_and_voids_the_code(tmp_path: Path) -> None:
    async with Rig(tmp_path).running() as alive:
        admin = alive.service.admin
        code = admin.claims.issue()
        with pytest.raises(NotPermitted, match="self"):
            await admin.claim(caller("channel", can_spend=False), code)
        with pytest.raises(NotPermitted, match="code"):
            await admin.claim(caller("ann"), code)
        assert await admin.owners() == frozenset()


async def test_a_code_that_others_have_seen_is_void_and_a_wrong_one_voids_nothing(tmp_path: Path) -> None:
    async with Rig(tmp_path).running() as alive:
        admin = alive.service.admin
        seen = admin.claims.issue()
        with pytest.raises(NotPermitted, match="direct"):
            await admin.claim(caller("ann"), seen, seen=True)
        with pytest.raises(NotPermitted, match="code"):
            await admin.claim(caller("ann"), seen)
        kept = admin.claims.issue()
        with pytest.raises(NotPermitted, match="direct"):
            await admin.claim(caller("bea"), "wrong", seen=True)
        with pytest.raises(NotPermitted, match="self"):
            await admin.claim(caller("channel", can_spend=False), "wrong")
        assert await admin.owners() == frozenset()
        await admin.claim(caller("ann"), kept)
        assert await admin.owners() == {"test:ann"}


async def test_where_the_settings_name_an_owner_nobody_claims(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.policy = replace(rig.policy, owners=frozenset({"test:owner"}))
    async with rig.running() as alive:
        admin = alive.service.admin
        with pytest.raises(NotPermitted, match="unclaimed"):
            await admin.claim(caller("ann"), admin.claims.issue())
        assert await admin.owners() == {"test:owner"}
