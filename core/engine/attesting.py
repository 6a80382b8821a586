"""Ask a platform who somebody is in a community now: in this process, or by way of one that has the platform."""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from core.domain.attested import Attested
from core.domain.errors import DeliveryError, StoreError
from core.domain.ids import Ids
from core.engine.calls import Calls

log = logging.getLogger(__name__)

ANSWER_S = 5.0
"""How long an answer may take; without one nobody is an admin."""
LOOK_S = 0.1
"""The pause between looks for the answer to a question."""
LISTEN_S = 0.25
"""The pause between looks for questions."""
MOST = 50
"""The most questions that are answered at once."""


class Unattested(Exception):
    """The platform could not be asked, so nobody may do anything."""


class Witness(Protocol):
    """A platform, asked about its communities."""

    async def attest(self, community: str, member: str) -> Attested | None:
        """Say who a member is in a community now; None where they are not in it. Raises DeliveryError."""
        ...


class Question(NamedTuple):
    """What one process asks another."""

    question_id: str
    community: str
    member: str


class Questions(Protocol):
    """Carries questions and answers between processes. Raises StoreError."""

    async def ask(self, question: Question) -> None:
        """Put a question; what is older than any patience is forgotten."""
        ...

    async def open(self, most: int) -> Sequence[Question]:
        """Return the newest questions without an answer that somebody still waits for."""
        ...

    async def answer(self, question_id: str, said: Attested | None, *, known: bool) -> None:
        """Answer a question; not `known`: the platform could not be asked."""
        ...

    async def answered(self, question_id: str) -> tuple[bool, Attested | None] | None:
        """Return the answer, and before it whether the platform could be asked; None while there is none."""
        ...


class Attesting(Protocol):
    """Finds out who somebody is in a community."""

    async def attest(self, community: str, member: str) -> Attested | None:
        """Say who a member is in a community now; None where they are not in it. Raises Unattested."""
        ...


@dataclass(frozen=True, slots=True)
class Here:
    """Asks the platforms of this process."""

    witnesses: Mapping[str, Witness]
    """By platform name."""
    _calls: Calls = field(default_factory=Calls)

    async def attest(self, community: str, member: str) -> Attested | None:
        platform = community.partition(":")[0]
        witness = self.witnesses.get(platform)
        if witness is None or member.partition(":")[0] != platform:
            return None
        try:
            return await self._calls.within(ANSWER_S, witness.attest(community, member))
        except (DeliveryError, TimeoutError) as error:
            log.warning("%s can't be asked who is in %s: %s", platform, community, error or "no answer in time")
            raise Unattested from error


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """Asks a process that has the platforms, through the store."""

    questions: Questions
    ids: Ids = field(default_factory=Ids)

    async def attest(self, community: str, member: str) -> Attested | None:
        question = Question(self.ids.job(), community, member)
        try:
            await self.questions.ask(question)
            async with asyncio.timeout(ANSWER_S):
                is_known, said = await self._answer(question)
        except (StoreError, TimeoutError) as error:
            log.warning("no process says who is in %s: %s", community, error or "no answer in time")
            raise Unattested from error
        if not is_known:
            raise Unattested
        return said

    async def _answer(self, question: Question) -> tuple[bool, Attested | None]:
        while True:
            await asyncio.sleep(LOOK_S)
            if found := await self.questions.answered(question.question_id):
                return found


async def answer_questions(questions: Questions, here: Here) -> None:
    """Answer what other processes ask, until cancelled."""
    while True:
        try:
            asked = await questions.open(MOST)
            await asyncio.gather(*(_answer(questions, here, question) for question in asked))
        except StoreError as error:
            log.warning("what other processes ask can't be read: %s", error)
        except Exception:
            log.exception("what other processes ask is not answered")
        await asyncio.sleep(LISTEN_S)


async def _answer(questions: Questions, here: Here, question: Question) -> None:
    try:
        said, is_known = await here.attest(question.community, question.member), True
    except Unattested:
        said, is_known = None, False
    await questions.answer(question.question_id, said, known=is_known)
