"""Who may do what, what they may type, and what the audit remembers; through the service, on the real store."""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from core.admin import Subject
from core.domain.allowed import Rule, allowed
from core.domain.people import Caller
from core.domain.quota import LimitName, Limits, QuotaSource
from core.domain.refusals import (
    DoneBefore,
    InvalidInput,
    NotEnough,
    NotFound,
    NotPermitted,
    OverLimit,
)
from tests.core.engine.jobs import at_rest
from tests.core.people import ANN, BOSS, OWNER
from tests.core.rig import Incarnation, Rig
from tests.makers import caller, order

Act = Callable[[Incarnation, Caller], Awaitable[object]]


ADMIN_ACTS: dict[str, Act] = {
    "quota set": lambda alive, who: alive.service.admin.set_quota(who, Subject.of(ANN), "1", "day"),
    "quota role": lambda a, who: a.service.admin.set_quota(
        who, Subject(kind=QuotaSource.ROLE, key="test:role:1"), "1", "day"
    ),
    "quota default": lambda alive, who: alive.service.admin.set_quota(who, Subject.of(None), "1", "day"),
    "quota clear": lambda alive, who: alive.service.admin.clear_quota(who, Subject.of(ANN)),
    "grant": lambda alive, who: alive.service.admin.grant(who, ANN, "1"),
    "revoke": lambda alive, who: alive.service.admin.revoke(who, ANN, "1"),
    "block": lambda alive, who: alive.service.admin.block(who, ANN, "2 h"),
    "unblock": lambda alive, who: alive.service.admin.unblock(who, ANN),
    "limits": lambda alive, who: alive.service.admin.set_limit(who, LimitName.LONGEST_TEXT, "5"),
    "approve": lambda alive, who: alive.service.admin.decide(who, "r1", approve=True),
    "pool": lambda alive, who: alive.service.operators.set_pool(who, "test:band", "1"),
    "communities": lambda alive, who: alive.service.operators.decide_community(who, "test:band", approve=False),
    "find": lambda alive, who: alive.service.admin.find(who, "ann", "grant"),
}


READS: dict[str, Act] = {
    "is seen": lambda alive, who: alive.service.admin.is_seen(who, "ann"),
    "known": lambda alive, who: alive.service.admin.known(who, ANN),
    "quota show": lambda alive, who: alive.service.admin.show_quota(who, ANN),
    "why": lambda alive, who: alive.service.admin.why(who, ANN),
    "quotas": lambda alive, who: alive.service.admin.quotas(who),
    "limits": lambda alive, who: alive.service.admin.limits(who),
    "usage": lambda alive, who: alive.service.admin.usage(who),
    "entries": lambda alive, who: alive.service.admin.entries(who),
    "audit": lambda alive, who: alive.service.admin.audit(who),
    "communities": lambda alive, who: alive.service.operators.communities(who),
}


@pytest.mark.parametrize("name", ADMIN_ACTS)
@pytest.mark.parametrize(
    "who", [caller(), caller("boss", is_admin=True, direct=True)], ids=["a member", "in a direct chat"]
)
async def test_what_is_not_theirs_is_refused_changes_nothing_and_is_noted(
    alive: Incarnation, name: str, who: Caller
) -> None:
    with pytest.raises(NotPermitted):
        await ADMIN_ACTS[name](alive, who)
    [entry] = await alive.service.admin.audit(BOSS)
    assert (entry.actor, entry.outcome) == (who.member, "refused: NotPermitted")
    standing = await alive.service.standing(caller())
    assert (standing.source, standing.balance_micros, standing.blocked) == ("operator", 0, False)
    assert standing.limits == Limits()


@pytest.mark.parametrize("name", READS)
async def test_what_is_not_theirs_is_not_shown(alive: Incarnation, name: str) -> None:
    with pytest.raises(NotPermitted):
        await READS[name](alive, caller())


async def test_an_admin_is_no_operator_and_an_operator_no_admin(alive: Incarnation) -> None:
    with pytest.raises(NotPermitted, match="operator"):
        await alive.service.operators.set_pool(BOSS, "test:band", "1")
    with pytest.raises(NotPermitted, match="operator"):
        await alive.service.operators.decide_community(BOSS, "test:band", approve=False)
    with pytest.raises(NotPermitted, match="admin"):
        await alive.service.admin.grant(OWNER, ANN, "1")
    assert await alive.service.operators.set_pool(OWNER, "test:band", "0.001") == 1000
    with pytest.raises(OverLimit, match="pool"):
        await alive.service.order(order())


@pytest.mark.parametrize("typed", ["NaN", "-1", "1e400", str(2**63), "0,5", "５", "", "0", "unlimited"])
async def test_credit_in_words_that_are_no_sum_changes_nothing(alive: Incarnation, typed: str) -> None:
    for act in (alive.service.admin.grant, alive.service.admin.revoke):
        with pytest.raises(InvalidInput):
            await act(BOSS, ANN, typed)
    assert (await alive.service.standing(caller())).balance_micros == 0
    assert {e.outcome for e in await alive.service.admin.audit(BOSS)} == {"refused: InvalidInput"}


@pytest.mark.parametrize("typed", ["NaN", "-1", "1e400", str(2**63), "0,5", "５", ""])
async def test_quotas_and_pools_in_words_that_are_no_amount_change_nothing(alive: Incarnation, typed: str) -> None:
    admin = alive.service.admin
    for subject in (Subject.of(ANN), Subject.of(None), Subject(kind=QuotaSource.ROLE, key="test:role:1")):
        with pytest.raises(InvalidInput):
            await admin.set_quota(BOSS, subject, typed, "day")
    with pytest.raises(InvalidInput):
        await admin.set_limit(BOSS, LimitName.CONFIRM_MICROS, typed)
    with pytest.raises(InvalidInput):
        await alive.service.operators.set_pool(OWNER, "test:band", typed)
    standing = await alive.service.standing(caller(roles=("test:role:1",)))
    assert (standing.source, standing.pool_left_micros, standing.limits) == ("operator", None, Limits())


@pytest.mark.parametrize(
    ("limit", "typed", "limits"),
    [
        (LimitName.LONGEST_TEXT, "500", Limits(longest_text=500)),
        (LimitName.LONGEST_TEXT, "500 chars", Limits(longest_text=500)),
        (LimitName.IN_FLIGHT, "3", Limits(in_flight=3)),
        (LimitName.IN_FLIGHT, "1 order", Limits(in_flight=1)),
        (LimitName.COOLDOWN_S, "0", Limits(cooldown_s=0)),
        (LimitName.CONFIRM_MICROS, "$0.05", Limits(confirm_micros=50_000)),
        (LimitName.CONFIRM_MICROS, "500 chars", Limits(confirm_micros=50_000)),
        (LimitName.CONFIRM_MICROS, "unlimited", Limits()),
        (LimitName.PRODUCTS, "speech, music", Limits(products=("speech", "music"))),
        (LimitName.CHANNELS, "test:1 test:2", Limits(channels=("test:1", "test:2"))),
        (LimitName.CHANNELS, "none", Limits()),
    ],
)
async def test_limits_as_they_are_typed(alive: Incarnation, limit: LimitName, typed: str, limits: Limits) -> None:
    assert await alive.service.admin.set_limit(BOSS, limit, typed) == limits
    assert await alive.service.admin.limits(BOSS) == limits


@pytest.mark.parametrize(
    ("limit", "typed"),
    [(LimitName.LONGEST_TEXT, "0"), (LimitName.LONGEST_TEXT, "-1"), (LimitName.LONGEST_TEXT, "５"), (LimitName.IN_FLIGHT, "1.5"), (LimitName.COOLDOWN_S, ""),
     (LimitName.PRODUCTS, "opera"), (LimitName.PRODUCTS, ""), (LimitName.CONFIRM_MICROS, "0,5")],
)  # fmt: skip
async def test_limits_that_can_not_be(alive: Incarnation, limit: LimitName, typed: str) -> None:
    with pytest.raises(InvalidInput):
        await alive.service.admin.set_limit(BOSS, limit, typed)
    assert await alive.service.admin.limits(BOSS) == Limits()


@pytest.mark.parametrize(
    ("span", "hours"), [("30 m", 0.5), ("2h", 2), ("1 hour", 1), ("3 days", 72), ("1 w", 168), ("", None)]
)
async def test_a_block_is_for_a_span_or_for_good(alive: Incarnation, rig: Rig, span: str, hours: float | None) -> None:
    until_ms = await alive.service.admin.block(BOSS, ANN, span)
    assert until_ms == (None if hours is None else rig.clock.ms + hours * 3_600_000)
    assert (await alive.service.standing(caller())).blocked_until_ms == until_ms
    with pytest.raises(OverLimit, match="blocked"):
        await alive.service.order(order())
    await alive.service.admin.unblock(BOSS, ANN)
    await alive.service.order(order())
    await at_rest(alive)


@pytest.mark.parametrize("span", ["soon", "-1 h", "0 h", "9999 w", "1 year", "２ h", "1"])
async def test_a_span_that_is_none_blocks_nobody(alive: Incarnation, span: str) -> None:
    with pytest.raises(InvalidInput):
        await alive.service.admin.block(BOSS, ANN, span)
    assert not (await alive.service.standing(caller())).blocked


async def test_a_quota_that_is_cleared_is_gone(alive: Incarnation) -> None:
    for subject in (Subject.of(ANN), Subject.of(None)):
        await alive.service.admin.set_quota(BOSS, subject, "1", "day")
        await alive.service.admin.clear_quota(BOSS, subject)
    assert (await alive.service.standing(caller())).source == "operator"


async def test_who_was_not_seen_under_an_at_name_is_not_found_and_that_is_noted(alive: Incarnation) -> None:
    await alive.service.communities.remember(caller(handle="ann"))
    assert (await alive.service.admin.find(BOSS, "ann", "grant")).member == "test:ann"
    with pytest.raises(NotFound, match="@bob"):
        await alive.service.admin.find(BOSS, "bob", "grant")
    [noted] = await alive.service.admin.audit(BOSS)
    assert (noted.act, noted.target, noted.outcome) == ("grant", "@bob", "refused: NotFound")


@pytest.mark.parametrize("reason", ["euros", "x" * 201, "well\nsung"])
async def test_a_reason_is_one_short_line_and_no_part_of_the_sum(alive: Incarnation, reason: str) -> None:
    with pytest.raises(InvalidInput):
        await alive.service.admin.grant(BOSS, ANN, "0.5", reason)
    assert await alive.service.admin.grant(BOSS, ANN, "0.5", "x" * 200) == 500_000


async def test_a_revoke_names_what_is_there(alive: Incarnation) -> None:
    await alive.service.admin.grant(BOSS, ANN, "0.5", "well sung")
    with pytest.raises(NotEnough) as refused:
        await alive.service.admin.revoke(BOSS, ANN, "0.6")
    assert refused.value.balance_micros == 500_000
    await alive.service.admin.revoke(BOSS, ANN, "0.1", "sung by Bob")
    noted = await alive.service.entries(caller())
    assert {(entry.kind, entry.note) for entry in noted} == {("grant", "well sung"), ("revoke", "sung by Bob")}


async def test_usage_of_a_member_is_theirs_alone(alive: Incarnation) -> None:
    for who in (caller(), caller("bob")):
        await alive.service.order(order(who))
    await at_rest(alive)
    used = await alive.service.admin.usage(BOSS, "day", ANN)
    assert {spent.member for spent in used.top} == {"test:ann"}
    entries = await alive.service.admin.entries(BOSS, "day", ANN)
    assert [[entry.member for entry in some] async for some in entries] == [["test:ann"]]
    assert {spent.member for spent in (await alive.service.admin.usage(BOSS, "day")).top} == {"test:ann", "test:bob"}


async def test_a_member_blocked_while_held_still_gets_what_was_admitted(alive: Incarnation, rig: Rig) -> None:
    answer = await alive.service.order(order())
    await alive.service.admin.block(BOSS, ANN)
    await at_rest(alive)
    assert [job_id for job_id, _, _ in rig.chat.heard] == [answer.job.job_id]


async def test_an_event_that_is_reported_twice_acts_once(alive: Incarnation) -> None:
    """Also after a restart, and also where the first was refused."""
    boss, mallory = replace(BOSS, event_id="test:1"), caller("mallory", event_id="test:2")
    assert await alive.service.admin.grant(boss, ANN, "1") == 1_000_000
    with pytest.raises(DoneBefore):
        await alive.service.admin.grant(boss, ANN, "1")
    for _ in range(2):
        with pytest.raises(NotPermitted):
            await alive.service.admin.grant(mallory, ANN, "1")
    assert [entry.outcome for entry in await alive.service.admin.audit(BOSS)] == ["refused: NotPermitted", "applied"]
    assert (await alive.service.standing(caller())).balance_micros == 1_000_000


async def test_whoever_may_not_enter_is_noted(alive: Incarnation) -> None:
    admin, operators = alive.service.admin, alive.service.operators
    await admin.enter(BOSS, "usage")
    await operators.enter(OWNER, "communities")
    theirs = ((BOSS, "communities"), (BOSS, "resume"), (caller(), "usage"), (OWNER, "audit"))
    for who, act in theirs:
        with pytest.raises(NotPermitted):
            await (operators if act in {"communities", "resume"} else admin).enter(who, act)
    noted = {(entry.actor, entry.act, entry.outcome) for entry in await admin.audit(BOSS)}
    assert noted == {(who.member, act, "refused: NotPermitted") for who, act in theirs}


async def test_nobody_fills_the_audit_with_refusals(alive: Incarnation, rig: Rig) -> None:
    for _ in range(30):
        with pytest.raises(NotPermitted):
            await alive.service.admin.enter(caller(), "usage")
    assert len(await alive.service.admin.audit(BOSS)) == 20
    rig.clock.forward(hours=1)
    with pytest.raises(NotPermitted):
        await alive.service.admin.enter(caller(), "usage")
    assert len(await alive.service.admin.audit(BOSS)) == 21


async def test_no_text_is_longer_than_whoever_runs_the_bot_allows(rig: Rig) -> None:
    async with rig.running() as alive:
        for value in ("20001", "999999"):
            with pytest.raises(InvalidInput) as caught:
                await alive.service.admin.set_limit(BOSS, LimitName.LONGEST_TEXT, value)
            assert caught.value.allowed == allowed(Rule.COUNT, low=1, high=20_000)
        assert (await alive.service.admin.set_limit(BOSS, LimitName.LONGEST_TEXT, "20000")).longest_text == 20_000
    rig.policy = replace(rig.policy, longest_order=3000)
    async with rig.running() as alive:
        assert (await alive.service.admin.limits(BOSS)).longest_text == 3000
        await alive.service.admin.set_limit(BOSS, LimitName.LONGEST_TEXT, "none")
        assert (await alive.service.admin.limits(BOSS)).longest_text is None


async def test_all_quotas_are_listed(alive: Incarnation) -> None:
    await alive.service.communities.remember(caller())
    await alive.service.admin.set_quota(BOSS, Subject.of(ANN), "1", "week")
    await alive.service.admin.set_quota(BOSS, Subject.of(None), "2", "day")
    listed = await alive.service.admin.quotas(BOSS)
    assert [(kind, name, quota.limit_micros) for kind, _, name, quota in listed] == [
        ("community", "", 2_000_000),
        ("member", "Ann", 1_000_000),
    ]


async def test_a_receipt_counts_with_the_roles_of_whoever_ordered(alive: Incarnation, rig: Rig) -> None:
    await alive.service.admin.set_quota(BOSS, Subject(kind=QuotaSource.ROLE, key="test:dj"), "0.01", "week")
    await alive.service.order(order(caller(roles=("test:dj",))))
    await at_rest(alive)
    [(_, _, receipt)] = rig.chat.heard
    assert (receipt.standing.source, receipt.standing.allowance_left_micros) == ("role", 10_000 - 1400)
