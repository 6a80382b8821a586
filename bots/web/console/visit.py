"""One request to the console: who is there, what they sent, and how they are answered."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256

from aiohttp import web
from htpy import Node
from yarl import URL

from bots.platform import Platform
from bots.text.locale import _
from bots.web.console.guard import Cookies, form_token
from bots.web.console.layout import Tab, answer
from bots.web.console.watching import Watching
from core.domain.attested import Attested
from core.domain.communities import KEY
from core.domain.people import Caller
from core.domain.sessions import Session
from core.domain.troubles import Case
from core.engine.attesting import Attesting
from core.engine.overview import Overview
from core.engine.sessions import Sessions
from core.ports import ArtifactStore
from core.service.service import Service

LONGEST_FIELD = 300
"""Characters of a field; none is as long."""


class NotThere(Exception):
    """There is no such page, or not for this visitor: they are told the same."""


class Moved(NotThere):
    """The community has another key by now."""

    def __init__(self, to: str) -> None:
        super().__init__(to)
        self.to = to


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What the pages show and act upon."""

    service: Service
    sessions: Sessions
    attesting: Attesting
    overview: Overview
    artifacts: ArtifactStore
    platforms: Mapping[str, Platform]
    wrong: Callable[[], Awaitable[Mapping[str, str]]]
    """Returns what keeps this process from serving, by name."""
    troubles: Callable[[], Sequence[Case]]
    """Returns what the operators should know."""
    total_left: Callable[[], Awaitable[int | None]]
    """Returns what is left of the total pool; None is unlimited."""
    settings: Mapping[str, str]
    """As they were read, without secrets."""
    watching: Watching = field(default_factory=Watching)

    @property
    def cookies(self) -> Cookies:
        """Return how sessions are kept in browsers."""
        return Cookies(self.sessions.url.startswith("https://"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A request by somebody who is signed in."""

    console: Console
    request: web.Request
    session: Session
    secret: str
    is_operator: bool
    form: Mapping[str, str] = field(default_factory=dict)

    @property
    def service(self) -> Service:
        """Return what acts for them."""
        return self.console.service

    @property
    def token(self) -> str:
        """Return what each form of theirs must hold."""
        return form_token(self.secret)

    @property
    def alone(self) -> Caller:
        """Describe them as in their direct chat with the bot, where all that is theirs is in reach."""
        who = self.session
        return Caller(
            platform=who.platform,
            community=who.member,
            member=who.member,
            name=who.name,
            direct=True,
            locale=who.locale,
            event_id=self.event_id,
        )

    @property
    def event_id(self) -> str:
        """Name what they do: the same form sent twice does it once. Nobody can choose the name of another's act."""
        act = self.form.get("act", "")
        return f"console:{sha256(f'{self.session.digest}:{act}'.encode()).hexdigest()[:32]}" if act else ""

    @property
    def community(self) -> str:
        """Return the key of the community that the page is about."""
        return self.request.match_info["community"]

    @property
    def shown(self) -> str:
        """Return the page of ours that is shown, or that held the form which was sent."""
        try:
            given = URL(self.form.get("from") or self.request.path_qs)
        except ValueError:
            return "/"
        return "/" if given.absolute else given.raw_path_qs

    async def attested(self) -> Attested:
        """Ask the platform who they are in the community. Raises NotThere, Moved, Unattested."""
        if not KEY.fullmatch(self.community):
            raise NotThere
        found = await self.console.attesting.attest(self.community, self.session.member)
        if found is None:
            raise NotThere
        if found.caller.community != self.community:
            raise Moved(found.caller.community)
        return replace(found, caller=replace(found.caller, locale=self.session.locale, event_id=self.event_id))

    def given(self, name: str) -> str:
        """Return a field of the form, or of the query."""
        return (self.form.get(name) or self.request.query.get(name, "")).strip()[:LONGEST_FIELD]

    def page(self, title: str, *body: Node, tabs: Sequence[Tab] = (), status: int = 200) -> web.Response:
        """Answer with a page."""
        noted = self.console.cookies.noted(self.request)
        response = answer(title, body, status=status, path=self.request.path, visit=self, tabs=tabs, noted=noted)
        if noted:
            self.console.cookies.forget_note(response)
        return response

    def back(self, said: str) -> web.Response:
        """Lead back to the page that held a form, which shows what came of it."""
        return self._led(self.shown, said)

    def moved(self, to: str) -> web.Response:
        """Lead on to the same page of a community whose key has changed; what a form was to do is not done."""
        is_form = self.request.method == "POST"
        said = _("This group has moved, so nothing was done. Do it once more.") if is_form else ""
        return self._led(self.shown.replace(self.community, to), said)

    def _led(self, path: str, said: str) -> web.Response:
        response = web.Response(status=303, headers={"Location": path})
        if said:
            self.console.cookies.note(response, said)
        return response
