"""Who runs the bot, and what they may do in any community. Every act, applied or refused, is in the audit."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress

from core.domain.amounts import read_monthly
from core.domain.audit import Act, Action, CommandName
from core.domain.claims import LIFE_MS, MOST_WRONG, digest, new_code
from core.domain.communities import Approval, Newcomer
from core.domain.errors import StoreError
from core.domain.ids import Ids
from core.domain.people import Caller
from core.domain.policy import Policy
from core.domain.quota import Period, window
from core.domain.refusals import Missing, Need, NotFound, NotPermitted
from core.domain.reports import Community, Resumed
from core.engine.acts import noted
from core.ports import Clock
from core.stores.admin_store import AdminStore


class Operators:
    """Those who run the bot: known by a setting or a code from the terminal. Every act may raise Refusal."""

    def __init__(
        self, store: AdminStore, policy: Policy, clock: Clock, ids: Ids, resume: Callable[[], Resumed]
    ) -> None:
        """`resume` lets submissions go on."""
        self._store = store
        self._policy = policy
        self._clock = clock
        self._ids = ids
        self._resume = resume
        self._owners = policy.owners
        self._locales: dict[str, str] = {}
        """By member key."""

    async def enter(self, caller: Caller, command: str) -> None:
        """Refuse a caller who may not use this operator's command at all, before anything else is said."""
        async with self._act(caller, CommandName(command)):
            pass

    async def owners(self) -> frozenset[str]:
        """Return the operators' member keys: those last known while the store is away, since none is ever removed."""
        with suppress(StoreError):
            self._owners = self._policy.owners | await self._store.owners()
        return self._owners

    async def readers(self) -> Mapping[str, str]:
        """Return the operators, each with the language that they last used, "" where it is not known."""
        with suppress(StoreError):
            self._locales = dict(await self._store.owner_locales())
        return {owner: self._locales.get(owner, "") for owner in await self.owners()}

    async def issue_code(self) -> str | None:
        """Return a new code for `claim`, which voids any before it; None where the bot has an owner."""
        if await self.owners():
            return None
        code, now_ms = new_code(), self._clock.now_ms()
        await self._store.keep_code(digest(code), now_ms, now_ms + LIFE_MS, MOST_WRONG)
        return code

    async def claim(self, caller: Caller, code: str, *, seen: bool = False) -> None:
        """Make the caller the owner if they know the code and there is none. A code that others have `seen` is void."""
        async with noted(self._store, self._ids, caller, Action.CLAIM) as act:
            if await self.owners():
                raise NotPermitted(Need.UNCLAIMED)
            alone = caller.can_spend and not seen
            fits = await self._store.try_code(digest(code), void=not alone)
            if not alone:
                raise NotPermitted(Need.DIRECT if seen else Need.SELF)
            if not fits:
                raise NotPermitted(Need.CODE)
            if not await self._store.claim(act):
                raise NotPermitted(Need.UNCLAIMED)
        await self._keep_locale(caller)

    async def set_pool(self, caller: Caller, community: str, amount: str) -> int | None:
        """Set what a whole community may spend in a month; `unlimited` takes the pool away."""
        async with self._act(caller, Action.POOL, community) as act:
            micros = read_monthly(amount, self._policy.price_micros)
            await self._store.set_pool(act, community, micros)
        return micros

    async def decide_community(self, caller: Caller, community: str, *, approve: bool, first: bool = False) -> bool:
        """Take orders in a community, or never; return whether that is news.

        `first`: only where nobody has decided yet. Raises NotFound, CommunityDecided.
        """
        state = Approval.APPROVED if approve else Approval.DECLINED
        async with self._act(caller, Action.COMMUNITIES, community) as act:
            if caller.direct and community == caller.community:
                raise NotFound(Missing.COMMUNITY, community)
            return await self._store.decide_community(act, community, state, first=first)

    async def community_locale(self, community: str) -> str:
        """Return the language that a community is written to in unasked, "" where it is not known."""
        return await self._store.community_locale(community)

    async def pools_left(self, community: str) -> int | None:
        """Return what the community's pool and the total pool leave it this month; None is unlimited."""
        standing = await self._store.standing(community, "", self._policy.default_quota)
        left = (standing.pool_left_micros, standing.total_left_micros)
        return min((micros for micros in left if micros is not None), default=None)

    async def total_left(self, community: str) -> int | None:
        """Return what all communities together may still spend this month; None is unlimited."""
        return (await self._store.standing(community, "", self._policy.default_quota)).total_left_micros

    async def told_with(self, caller: Caller, community: str) -> Sequence[Newcomer]:
        """Return the communities that the operators were told of in the same message."""
        await self._require(caller)
        return await self._store.told_with(community)

    async def communities(self, caller: Caller) -> Sequence[Community]:
        """Return the communities, those that wait first, then those that spent most this month."""
        await self._require(caller)
        month_ms, _ = window(Period.MONTH, self._clock.now_ms())
        return await self._store.communities(month_ms, 100)

    async def resume(self, caller: Caller) -> Resumed:
        """Let submissions go on at once, as after the gateway's wallet was refilled."""
        async with self._act(caller, Action.RESUME) as act:
            await self._store.acted(act)
        return self._resume()

    @asynccontextmanager
    async def _act(self, caller: Caller, name: Action | CommandName, target: str = "") -> AsyncIterator[Act]:
        async with noted(self._store, self._ids, caller, name, target) as act:
            await self._require(caller)
            yield act

    async def _require(self, caller: Caller) -> None:
        if caller.member not in await self.owners():
            raise NotPermitted(Need.OPERATOR)
        await self._keep_locale(caller)

    async def _keep_locale(self, operator: Caller) -> None:
        """Keep the language in which an operator is written to unasked."""
        if operator.locale and self._locales.get(operator.member) != operator.locale:
            with suppress(StoreError):
                await self._store.keep_owner_locale(operator.member, operator.locale)
                self._locales[operator.member] = operator.locale
