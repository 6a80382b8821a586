"""Orders of a crowd: many members, a few orders each."""

from secrets import token_hex

from benchmarks.fakes import CHAT
from core.domain.admission import Admission
from core.domain.ids import new_job_id, new_token
from core.domain.orders import Destination, Order
from core.domain.parts import Part
from core.domain.people import Caller
from core.domain.quota import Period, Quota

TEXT = "Good evening everyone, the show begins in ten minutes in the big hall downstairs."
PRICE_MICROS = 100_000
COST_MICROS = 8_100
QUOTA = Quota(limit_micros=10_000_000_000, period=Period.DAY)
MEMBERS_OF_COMMUNITY = 10
ORDERS_OF_MEMBER = 4
"""Open orders per member at any time; admission counts them."""
RUN = token_hex(4)
"""Marks this process's event ids, so that a store with old jobs has not seen them."""


def caller(number: int) -> Caller:
    """Return a member of the crowd; ten share a community."""
    return Caller(
        platform=CHAT,
        community=f"{CHAT}:{number // MEMBERS_OF_COMMUNITY}",
        member=f"{CHAT}:m{number}",
        name=f"Member {number}",
        handle=f"member{number}",
    )


def order(number: int, member: int) -> Order:
    """Return an order with a new event id."""
    return Order(
        event_id=f"{CHAT}:{RUN}:{number}",
        caller=caller(member),
        product="speech",
        parameters={"text": TEXT, "voice": "Aria"},
        destination=Destination(CHAT, {"chat": member, "order": number}),
    )


def orders(count: int, each: int = ORDERS_OF_MEMBER) -> list[Order]:
    """Return orders of members in turn, so many of each."""
    members = max(1, count // each)
    return [order(number, number % members) for number in range(count)]


def admission(placed: Order) -> Admission:
    """Return a priced order, ready to be admitted."""
    job_id = new_job_id()
    return Admission(
        order=placed,
        job_id=job_id,
        parts=[Part(number=1, parameters=placed.parameters, characters=len(TEXT), cost_micros=COST_MICROS, pause_ms=0)],
        tokens=[f"{job_id}.{new_token()}"],
        parameters=placed.parameters,
        characters=len(TEXT),
        price_micros=PRICE_MICROS,
        cost_micros=COST_MICROS,
        operator_quota=QUOTA,
        max_waiting=1_000_000,
    )
