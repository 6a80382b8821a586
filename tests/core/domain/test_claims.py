"""Who becomes the owner by the code from the terminal, and who does not."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core.domain.claims import digest, new_code
from core.domain.refusals import NotPermitted
from tests.core.rig import Rig
from tests.makers import caller


def test_case_dashes_and_letters_that_look_like_digits_are_all_the_same() -> None:
    code = new_code(lambda _: 1 << 79 | 1)
    assert code == "g000-0000-0000-0001"
    assert digest(code) == digest(" GOOO oooo-0000000L ")
    assert len({digest(each) for each in (code, code[:-1], "", "é", "x" * 16)}) == 5
    assert digest("\ud800")  # half a character is a wrong code, and no fault


def test_it_has_eighty_random_bits_and_each_is_another() -> None:
    asked: list[int] = []
    new_code(lambda bits: asked.append(bits) or 0)  # type: ignore[func-returns-value]
    assert asked == [80]
    assert new_code() != new_code()


async def test_of_two_who_claim_at_once_one_owns(tmp_path: Path) -> None:
    async with Rig(tmp_path).running() as alive:
        operators = alive.service.operators
        code = await operators.issue_code()
        assert code
        who = [caller("ann", event_id="1"), caller("bea", event_id="2")]
        ends = await asyncio.gather(*(operators.claim(one, code) for one in who), return_exceptions=True)
        assert [type(end) for end in ends].count(NotPermitted) == 1
        assert len(await operators.owners()) == 1
        assert await operators.issue_code() is None
        with pytest.raises(NotPermitted, match="unclaimed"):
            await operators.claim(caller("cid", event_id="3"), code)
        noted = [(e.act, e.outcome) for e in await alive.service.admin.audit(caller("boss", is_admin=True))]
        assert sorted(noted) == [("claim", "applied"), *[("claim", "refused: NotPermitted")] * 2]


async def test_a_shared_identity_claims_nothing_and_voids_the_code(tmp_path: Path) -> None:
    async with Rig(tmp_path).running() as alive:
        operators = alive.service.operators
        code = await operators.issue_code()
        assert code
        with pytest.raises(NotPermitted, match="self"):
            await operators.claim(caller("channel", can_spend=False), code)
        with pytest.raises(NotPermitted, match="code"):
            await operators.claim(caller("ann"), code)
        assert await operators.owners() == frozenset()


async def test_a_code_that_others_have_seen_is_void_and_a_wrong_one_voids_nothing(tmp_path: Path) -> None:
    async with Rig(tmp_path).running() as alive:
        operators = alive.service.operators
        seen = await operators.issue_code()
        assert seen
        with pytest.raises(NotPermitted, match="direct"):
            await operators.claim(caller("ann"), seen, seen=True)
        with pytest.raises(NotPermitted, match="code"):
            await operators.claim(caller("ann"), seen)
        kept = await operators.issue_code()
        assert kept
        with pytest.raises(NotPermitted, match="direct"):
            await operators.claim(caller("bea"), "wrong", seen=True)
        with pytest.raises(NotPermitted, match="self"):
            await operators.claim(caller("channel", can_spend=False), "wrong")
        assert await operators.owners() == frozenset()
        await operators.claim(caller("ann"), kept)
        assert await operators.owners() == {"test:ann"}


async def test_where_the_settings_name_an_owner_nobody_claims(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.policy = replace(rig.policy, owners=frozenset({"test:owner"}))
    async with rig.running() as alive:
        operators = alive.service.operators
        with pytest.raises(NotPermitted, match="unclaimed"):
            await operators.claim(caller("ann"), await operators.issue_code() or "")
        assert await operators.owners() == {"test:owner"}
