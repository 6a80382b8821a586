"""What the service lets through, and what it keeps out."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from core.admin import Subject
from core.domain.allowed import Rule, allowed
from core.domain.errors import DeliveryRefused
from core.domain.lifecycle import DeliveryState
from core.domain.orders import Destination, Turn
from core.domain.people import Person
from core.domain.policy import OLDEST_ACT_MS
from core.domain.quota import LimitName
from core.domain.refusals import (
    Cause,
    InvalidInput,
    Limit,
    NotFound,
    NotPermitted,
    OverLimit,
    TooOld,
    Unavailable,
)
from storage.driver import Statement
from tests.core.engine.jobs import ONE_AT_A_TIME, a_while, at_rest, current, held_up, loud, ordered, tasks
from tests.core.rig import Answer, Rig
from tests.makers import caller, order


async def test_the_same_event_twice_is_one_job(rig: Rig) -> None:
    async with rig.running() as alive:
        placed = order()
        answers = await asyncio.gather(*(alive.service.order(placed) for _ in range(5)))
        assert len({a.job.job_id for a in answers}) == 1
        assert sorted(a.duplicate for a in answers) == [False, True, True, True, True]
        await at_rest(alive)
    assert rig.gateway.posted == ["Hello everyone"]
    assert len(rig.chat.heard) == 1


async def test_over_the_allowance_is_refused_with_what_is_left(rig: Rig) -> None:
    async with rig.running() as alive:
        admin = caller("boss", is_admin=True)
        await alive.service.admin.set_quota(admin, Subject.of(Person(member="test:ann", name="Ann")), "$0.0013", "day")
        with pytest.raises(OverLimit) as refused:
            await ordered(alive)
        assert (refused.value.limit, refused.value.cost_micros) == ("allowance", 1400)
        assert refused.value.standing.allowance_left_micros == 1300
        await alive.service.admin.clear_quota(admin, Subject.of(Person(member="test:ann", name="Ann")))
        await ordered(alive)
        await at_rest(alive)


async def test_an_order_may_be_as_long_as_the_operator_and_the_admins_say(rig: Rig) -> None:
    rig.policy = replace(rig.policy, longest_order=14)
    async with rig.running() as alive:
        await ordered(alive)
        two = tuple(Turn(voice, "Hello " * 2) for voice in ("Aria", "George"))
        unclear = {"": {"text": "Hello everyone!"}}
        for placed, has in (
            (order(text="Hello everyone!"), 15),
            (order(turns=two), 24),
            (order(text="Hello everyone!", readings=unclear), 15),
        ):
            with pytest.raises(InvalidInput) as wrong:
                await alive.service.order(placed)
            assert wrong.value.allowed == allowed(Rule.SHORTER_ORDER, most=14, has=has)
        await alive.service.admin.set_limit(caller("boss", is_admin=True), LimitName.LONGEST_TEXT, "13")
        with pytest.raises(OverLimit) as refused:
            await ordered(alive)
        assert (refused.value.limit, refused.value.characters) == ("longest_text", 14)
        await at_rest(alive)


async def test_a_prompt_of_music_has_its_own_limit_alone(rig: Rig) -> None:
    rig.policy = replace(rig.policy, longest_order=1)
    async with rig.running() as alive:
        await alive.service.order(order(product="music", parameters={"prompt": "rain"}))
        await at_rest(alive)


async def test_only_admins_set_quotas_and_nobody_in_a_direct_chat(rig: Rig) -> None:
    ann = Person(member="test:ann", name="Ann")
    async with rig.running() as alive:
        for who in (caller(), caller(is_admin=True, direct=True)):
            for act in (
                alive.service.admin.set_quota(who, Subject.of(ann), "unlimited", "day"),
                alive.service.admin.set_quota(who, Subject.of(None), "unlimited", "day"),
                alive.service.admin.show_quota(who, ann),
                alive.service.admin.clear_quota(who, Subject.of(None)),
            ):
                with pytest.raises(NotPermitted, match=r"admin|group"):
                    await act
        assert (await alive.service.standing(caller())).quota.limit_micros == 100_000


async def test_an_anonymous_admin_administers_and_does_not_spend(rig: Rig) -> None:
    async with rig.running() as alive:
        ghost = caller("ghost", is_admin=True, can_spend=False)
        await alive.service.admin.set_quota(ghost, Subject.of(None), "5000 chars", "week")
        with pytest.raises(NotPermitted, match="account"):
            await alive.service.order(order(ghost))
        assert (await alive.service.standing(caller())).quota.limit_micros == 500_000


async def test_a_direct_chat_has_its_own_policy(rig: Rig) -> None:
    async with rig.running() as alive:
        with pytest.raises(OverLimit):
            await alive.service.order(order(caller(direct=True)))


async def test_waiting_orders_are_limited(rig: Rig) -> None:
    rig.policy = replace(rig.policy, max_waiting=2)
    reached, go, step = held_up()
    rig.gateway.submits = [step]
    rig.limits = ONE_AT_A_TIME
    async with rig.running() as alive:
        await ordered(alive)
        await ordered(alive)
        with pytest.raises(OverLimit, match="waiting"):
            await ordered(alive)
        await reached.wait()
        go.set()
        await at_rest(alive)


async def test_when_the_store_can_not_answer_nothing_is_admitted(rig: Rig) -> None:
    async with rig.running() as alive:
        await alive.store.close()
        with pytest.raises(Unavailable, match="store"):
            await ordered(alive)
        await alive.store.open()
    assert rig.gateway.posted == []


async def test_an_event_that_comes_again_is_carried_once(rig: Rig, caplog: pytest.LogCaptureFixture) -> None:
    reached, go, step = held_up()
    rig.gateway.submits = [step]
    async with rig.running() as alive:
        placed = order()
        await alive.service.order(placed)
        await reached.wait()
        assert (await alive.service.order(placed)).duplicate
        await a_while(alive)
        assert len(tasks("job ")) == 1
        go.set()
        await at_rest(alive)
        assert (await alive.service.order(placed)).duplicate
        await at_rest(alive)
    assert loud(caplog) == []
    assert len(rig.chat.heard) == 1


async def test_who_shares_an_identity_orders_nothing(rig: Rig) -> None:
    async with rig.running() as alive:
        with pytest.raises(NotPermitted, match="account"):
            await alive.service.order(order(caller(can_spend=False)))
    assert rig.gateway.posted == []


async def test_what_an_order_said_is_told_in_its_own_community_alone(rig: Rig) -> None:
    async with rig.running() as alive:
        placed = order(text="A secret")
        job_id = (await alive.service.order(placed)).job.job_id
        told = [
            (await alive.service.spoken(who, job_id=job_id), await alive.service.spoken(who, event_id=placed.event_id))
            for who in (caller("bob"), caller("bob", community="choir"))
        ]
        assert told == [("A secret", "A secret"), ("", "")]
        assert await alive.service.spoken(caller(), job_id="none") == ""
        await at_rest(alive)


async def test_what_was_written_long_ago_is_refused_unless_it_is_a_job_already(rig: Rig) -> None:
    async with rig.running() as alive:
        placed = order()
        await alive.service.order(placed)
        now_ms, oldest_ms = rig.clock.now_ms(), round(1000 * rig.policy.oldest_order_s)
        check = alive.service.check_age
        await check(placed.event_id, now_ms - oldest_ms - 1, ordered=True)
        await check("test:new", now_ms - oldest_ms, ordered=True)
        await check("test:new", now_ms - OLDEST_ACT_MS, ordered=False)
        for age_ms, ordered_ in ((oldest_ms + 1, True), (OLDEST_ACT_MS + 1, False)):
            with pytest.raises(TooOld) as refused:
                await check("test:new", now_ms - age_ms, ordered=ordered_)
            assert (refused.value.age_ms, refused.value.ordered) == (age_ms, ordered_)
        with pytest.raises(TooOld):  # an act is no job
            await check(placed.event_id, now_ms - OLDEST_ACT_MS - 1, ordered=False)
        await at_rest(alive)


async def test_nothing_is_admitted_or_told_while_the_store_can_not_answer(rig: Rig) -> None:
    async with rig.running() as alive:
        await alive.store.close()
        with pytest.raises(Unavailable, match="store"):
            await alive.service.order(order())
        with pytest.raises(Unavailable, match="store"):
            await alive.service.spoken(caller(), event_id="test:1")
        assert not await alive.service.communities.heard(caller())
        await alive.store.open()
    assert rig.gateway.posted == []


async def test_what_is_kept_of_an_order_is_what_is_sent(rig: Rig) -> None:
    async with rig.running() as alive:
        placed = order(parameters={"text": "héllo 🎵", "voice": " aria"})
        job = await current(alive, (await alive.service.order(placed)).job)
        assert (job.parameters["voice"], job.characters, job.cost_micros) == ("Aria", 7, 700)
        await at_rest(alive)


async def test_an_amount_in_characters_follows_the_operators_price(rig: Rig) -> None:
    rig.policy = replace(rig.policy, price_micros=200_000)
    async with rig.running() as alive:
        quota = await alive.service.admin.set_quota(caller(is_admin=True), Subject.of(None), "1000 chars", " Week ")
        assert (quota.limit_micros, quota.period) == (200_000, "week")
        with pytest.raises(InvalidInput) as refused:
            await alive.service.admin.set_quota(caller(is_admin=True), Subject.of(None), "1", "year")
        assert refused.value.parameter == "period"


async def test_one_members_quota_is_cleared_and_the_community_keeps_its_own(rig: Rig) -> None:
    ann = Person(member="test:ann", name="Ann")
    async with rig.running() as alive:
        boss = caller("boss", is_admin=True)
        await alive.service.admin.set_quota(boss, Subject.of(None), "0.02", "day")
        await alive.service.admin.set_quota(boss, Subject.of(ann), "0.03", "day")
        await alive.service.admin.clear_quota(boss, Subject.of(ann))
        assert (await alive.service.admin.show_quota(boss, ann)).quota.limit_micros == 20_000
        query = "SELECT set_by FROM quotas"
        (rows,) = await alive.store._driver.run([Statement(query)])
        assert [row["set_by"] for row in rows] == ["test:boss"]


async def test_standing_is_of_an_account_and_of_the_right_policy(rig: Rig) -> None:
    async with rig.running() as alive:
        with pytest.raises(NotPermitted, match="account"):
            await alive.service.standing(caller(can_spend=False))
        assert (await alive.service.standing(caller(direct=True))).quota.limit_micros == 0


async def test_members_are_found_where_they_were_seen(rig: Rig) -> None:
    async with rig.running() as alive:
        await alive.service.communities.remember(caller())
        assert (await alive.service.admin.find(caller("bob", is_admin=True), "Ann", "grant")).member == "test:ann"
        with pytest.raises(NotFound, match="nobody"):
            await alive.service.admin.find(caller("bob", is_admin=True), "nobody", "grant")
        rig.clock.forward(ms=1)
        with pytest.raises(NotPermitted):
            await alive.service.admin.find(caller("ann"), "nobody", "grant")
        acts = await alive.service.admin.audit(caller("bob", is_admin=True))
        assert [(act.target, act.outcome) for act in acts] == [
            ("@nobody", "refused: NotPermitted"),
            ("@nobody", "refused: NotFound"),
        ]


async def test_a_place_noted_late_is_where_the_audio_goes(rig: Rig) -> None:
    reached, go, step = held_up()
    rig.gateway.statuses = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        await alive.service.place(job.job_id, Destination("test", {"message": 5}))
        go.set()
        await at_rest(alive)
    assert rig.chat.heard[0][2].job.destination == Destination("test", {"message": 5})


async def test_nothing_is_sent_again_while_it_is_being_sent(rig: Rig) -> None:
    reached, go, step = held_up()
    rig.chat.deliveries = [step]
    async with rig.running() as alive:
        job = await ordered(alive)
        await reached.wait()
        with pytest.raises(NotFound):
            await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        go.set()
        await at_rest(alive)
    assert len(rig.chat.heard) == 1
    assert rig.chat.uncertain == [False]


async def test_what_was_heard_is_sent_again_free(rig: Rig) -> None:
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert [kept.job_id for kept in await alive.service.history(caller())] == [job.job_id]
        await alive.service.redeliver(caller(), job.job_id, Destination("test"))
        await at_rest(alive)
    assert [(content, receipt.charged_micros) for _, content, receipt in rig.chat.heard] == [
        (b"audio", 1400),
        (b"audio", 0),
    ]
    assert rig.chat.uncertain == [False, False]


async def test_in_a_direct_chat_all_that_is_mine_is_sent_again_and_elsewhere_what_was_ordered_there(rig: Rig) -> None:
    alone = replace(caller(community="ann"), direct=True)
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        assert [kept.job_id for kept in await alive.service.history(alone)] == [job.job_id]
        for other in (caller(community="choir"), caller("bob")):
            assert await alive.service.history(other) == []
            with pytest.raises(NotPermitted):
                await alive.service.redeliver(other, job.job_id, Destination("test"))
        await alive.service.redeliver(alone, job.job_id, Destination("test"))
        await at_rest(alive)
    assert len(rig.chat.heard) == 2


async def test_what_is_not_kept_any_more_is_not_sent_again(rig: Rig) -> None:
    rig.chat.deliveries = [DeliveryRefused("kicked")]
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        await alive.store.note(await current(alive, job), 1, artifacts=())
        for job_id in (job.job_id, "none"):
            with pytest.raises(NotFound, match="job"):
                await alive.service.redeliver(caller(), job_id, Destination("test"))


async def test_sending_again_is_for_the_owner_in_the_same_place_and_goes_where_it_was_asked_for(rig: Rig) -> None:
    rig.chat.deliveries = [DeliveryRefused("kicked")]
    there = Destination("test", {"to": "there"})
    async with rig.running() as alive:
        job = await ordered(alive)
        await at_rest(alive)
        kept = await current(alive, job)
        assert kept.delivery
        assert kept.delivery.detail == "kicked"
        for who in (caller("bob"), caller(community="choir")):
            with pytest.raises(NotPermitted, match="owner"):
                await alive.service.redeliver(who, job.job_id, there)
        assert job.job_id not in [j.job_id for j in await alive.store.unfinished()]
    reached, _, step = held_up()
    rig.chat.deliveries = [step]
    async with rig.running() as alive:
        await alive.service.redeliver(caller(), job.job_id, there)
        await reached.wait()
        assert [j.destination for j in await alive.store.unfinished()] == [there]
        await alive.worker.stop(0)
    async with rig.running() as alive:
        await at_rest(alive)
        done = await current(alive, job)
        assert done.delivery
        assert (done.stage, done.why, done.delivery.detail) == (DeliveryState.SENT, None, None)
    assert len(rig.chat.heard) == 1


async def test_failing_orders_stop_at_the_total(tmp_path: Path) -> None:
    rig = Rig(tmp_path)
    rig.gateway.statuses = [Answer("FAILED", ())] * 100
    async with rig.running() as alive:
        alive.store._total_pool_micros = 10_000  # each order costs 1,400
        for number in range(7):
            await ordered(alive, who=f"member{number}")
            await at_rest(alive)
        with pytest.raises(OverLimit) as caught:
            await ordered(alive, who="one too many")
        assert caught.value.limit == "total_pool"
        assert caught.value.standing.total_left_micros == 200
    assert len(rig.gateway.posted) == 7
    assert rig.chat.heard == []


async def test_a_direct_chat_s_refusal_names_the_limit_that_refused(rig: Rig) -> None:
    alone = replace(caller(community="ann"), direct=True)
    async with rig.running() as alive:
        with pytest.raises(OverLimit) as nothing:
            await alive.service.order(order(alone))
    rig.policy = replace(rig.policy, max_waiting=0)
    async with rig.running() as alive:
        with pytest.raises(OverLimit) as waiting:
            await alive.service.order(order(alone))
    assert (nothing.value.limit, waiting.value.limit) == (Limit.DIRECT, Limit.WAITING)


async def test_no_more_orders_wait_than_may(rig: Rig) -> None:
    rig.policy = replace(rig.policy, max_queue=0)
    async with rig.running() as alive:
        with pytest.raises(Unavailable) as full:
            await alive.service.order(order())
    assert full.value.why is Cause.FULL
