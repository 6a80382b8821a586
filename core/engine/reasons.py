"""Why a member can't order, or how much they can: found by the decision that an order itself meets."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.domain.admission import Supposed
from core.domain.money import cost_of
from core.domain.parameters import Text
from core.domain.policy import Policy
from core.domain.products import Catalog, Product
from core.domain.quota import Standing
from core.domain.refusals import Limit
from core.stores.admin_store import AdminStore

SHORTEST = 1
"""Characters of the shortest order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is found for some of the products."""

    products: tuple[str, ...]
    limit: Limit | None
    """What refuses even the shortest order; None: nothing does."""
    most: int
    """Characters of the longest order that would be taken now."""
    bound: Limit | None
    """What refuses a longer one; None: only how long any order may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """What is found of a member in a community."""

    found: Sequence[Found]
    standing: Standing
    cost_micros: int
    """Of the shortest order."""


async def reasons(
    store: AdminStore,
    catalog: Catalog,
    policy: Policy,
    *,
    community: str,
    member: str,
    roles: Sequence[str] = (),
    channel: str | None = "",
    direct: bool = False,
) -> Reasons:
    """Say what keeps a member from ordering; nothing is held. Raises NotFound for a community that was never seen."""
    by_answer: dict[tuple[Limit | None, int, Limit | None], list[str]] = {}
    for name, product in catalog.products.items():
        supposed = Supposed(
            community=community,
            member=member,
            roles=roles,
            direct=direct,
            channel=channel,
            product=name,
            characters=SHORTEST,
            cost_micros=cost_of(SHORTEST, product.price_micros),
            operator_quota=policy.quota(direct=direct),
            max_waiting=policy.max_waiting,
        )
        limit, standing = await store.refusal(supposed)
        most, bound = (0, limit) if limit else _longest(product, policy, standing)
        by_answer.setdefault((_named(limit, supposed), most, bound), []).append(name)
    found = [
        Found(products=tuple(names), limit=limit, most=most, bound=bound)
        for (limit, most, bound), names in by_answer.items()
    ]
    return Reasons(found=found, standing=standing, cost_micros=supposed.cost_micros)


def _named(limit: Limit | None, supposed: Supposed) -> Limit | None:
    return Limit.DIRECT if limit is Limit.ALLOWANCE and supposed.direct else limit


def _longest(product: Product, policy: Policy, standing: Standing) -> tuple[int, Limit | None]:
    """Return the characters of the longest order that would be taken, and what refuses a longer one."""
    allowance = standing.allowance_left_micros
    means: Mapping[Limit, int | None] = {
        Limit.ALLOWANCE: None if allowance is None else allowance + standing.balance_micros,
        Limit.POOL: standing.pool_left_micros,
        Limit.TOTAL_POOL: standing.total_left_micros,
    }
    longest: dict[Limit | None, int] = {None: most_of(product, policy)}
    longest |= {limit: micros * 1000 // product.price_micros for limit, micros in means.items() if micros is not None}
    if standing.limits.longest_text is not None:
        longest[Limit.LONGEST_TEXT] = standing.limits.longest_text
    bound = min(longest, key=lambda limit: longest[limit])
    return longest[bound], bound


def most_of(product: Product, policy: Policy) -> int:
    """Return the characters of a product's longest order that the operator takes."""
    text = product.table[product.billed]
    return text.limit if isinstance(text, Text) and product.splits_at is None else policy.longest_order
