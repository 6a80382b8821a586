"""Let members into the console: links that work once, and the sessions that they begin."""

from dataclasses import dataclass
from typing import Protocol

from core.domain.people import Caller
from core.domain.refusals import Need, NotPermitted
from core.domain.sessions import LINK_MS, SESSION_MS, WAY_IN, Session, Visitor, digest, new_secret
from core.ports import Clock


class SessionStore(Protocol):
    """Remembers links and sessions by the digests of their secrets. Raises StoreError."""

    async def keep_link(self, visitor: Visitor, digest: str, now_ms: int, until_ms: int) -> None:
        """Keep a member's link, in the place of any before it, and forget what has expired."""
        ...

    async def link(self, digest: str, now_ms: int) -> Visitor | None:
        """Return whom a link lets in, None where it is used up or has expired."""
        ...

    async def use_link(self, link: str, session: str, now_ms: int, until_ms: int) -> bool:
        """Begin a session by using a link up, once; return whether it was good."""
        ...

    async def session(self, digest: str, now_ms: int) -> Session | None:
        """Return a session that has not ended."""
        ...

    async def end_session(self, digest: str) -> None:
        """End a session."""
        ...

    async def end_sessions(self, member: str) -> None:
        """End all sessions of a member, and void their link."""
        ...


class Dropped(Protocol):
    """Finds links that the operator's terminal left for this process."""

    def take(self, digest: str, now_ms: int) -> tuple[str, int] | None:
        """Return whom a link lets in, and until when, once; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Sessions:
    """Who may look at the console."""

    store: SessionStore
    clock: Clock
    url: str
    """Where the console is, without a slash at the end."""
    dropped: Dropped | None = None

    async def link(self, caller: Caller) -> str:
        """Return the address that lets the caller in, once, within LINK_MS. Raises NotPermitted."""
        if not caller.can_spend:
            raise NotPermitted(Need.ACCOUNT)
        return await self.link_for(Visitor(member=caller.member, name=caller.name, locale=caller.locale))

    async def link_for(self, visitor: Visitor) -> str:
        """Return the address that lets a visitor in."""
        secret, now_ms = new_secret(), self.clock.now_ms()
        await self.store.keep_link(visitor, digest(secret), now_ms, now_ms + LINK_MS)
        return self.url + WAY_IN.format(secret=secret)

    async def offered(self, secret: str) -> Visitor | None:
        """Return whom a link would let in; it is not used up."""
        await self._adopt(secret)
        return await self.store.link(digest(secret), self.clock.now_ms())

    async def begin(self, secret: str) -> str | None:
        """Use a link up; return the secret of the session that begins, None where the link is not good any more."""
        await self._adopt(secret)
        session, now_ms = new_secret(), self.clock.now_ms()
        is_good = await self.store.use_link(digest(secret), digest(session), now_ms, now_ms + SESSION_MS)
        return session if is_good else None

    async def of(self, secret: str) -> Session | None:
        """Return the session of a secret, None where it has ended."""
        return await self.store.session(digest(secret), self.clock.now_ms())

    async def end(self, session: Session, *, everywhere: bool = False) -> None:
        """Sign out, here or everywhere."""
        if everywhere:
            await self.store.end_sessions(session.member)
        else:
            await self.store.end_session(session.digest)

    async def _adopt(self, secret: str) -> None:
        """Keep a link that the terminal left as one of ours."""
        now_ms = self.clock.now_ms()
        found = self.dropped.take(digest(secret), now_ms) if self.dropped else None
        if found is not None:
            member, until_ms = found
            await self.store.keep_link(Visitor(member=member, name=member), digest(secret), now_ms, until_ms)
