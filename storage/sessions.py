"""Links, sessions and questions of the console in SQL, by the digests of their secrets."""

import json

from core.domain.attested import Attested
from core.domain.sessions import MOST_SESSIONS, Session, Visitor
from core.engine.attesting import ANSWER_S, Question
from core.ports import Clock
from storage.driver import Driver, Row, Statement, Unexpected, run_once
from storage.rows import compact

KEEP_LINK = """
INSERT INTO sign_ins (member, digest, name, locale, issued_ms, until_ms)
VALUES (:member, :digest, :name, :locale, :now_ms, :until_ms)
ON CONFLICT (member) DO UPDATE SET digest = excluded.digest, name = excluded.name, locale = excluded.locale,
issued_ms = excluded.issued_ms, until_ms = excluded.until_ms
"""
FORGET_LINKS = "DELETE FROM sign_ins WHERE until_ms <= :now_ms"
FORGET_SESSIONS = "DELETE FROM sessions WHERE until_ms <= :now_ms"
# A clock that was set back must not make what has expired good again for longer than it ever was.
_GOOD_LINK = "sign_ins WHERE digest = :digest AND issued_ms <= :now_ms AND until_ms > :now_ms"
LINK = f"SELECT member, name, locale FROM {_GOOD_LINK}"
BEGIN = f"""
INSERT INTO sessions (digest, member, name, locale, begun_ms, until_ms)
SELECT :session, member, name, locale, :now_ms, :until_ms FROM {_GOOD_LINK}
"""
USE_LINK = "DELETE FROM sign_ins WHERE digest = :digest"
FORGET_OLDEST = """
DELETE FROM sessions WHERE member = (SELECT member FROM sessions WHERE digest = :session) AND digest NOT IN (
    SELECT digest FROM sessions WHERE member = (SELECT member FROM sessions WHERE digest = :session)
    ORDER BY begun_ms DESC, digest LIMIT :most
)
"""
BEGUN = "SELECT 1 AS begun FROM sessions WHERE digest = :session"
SESSION = """
SELECT digest, member, name, locale, until_ms FROM sessions
WHERE digest = :digest AND begun_ms <= :now_ms AND until_ms > :now_ms
"""
END_SESSION = "DELETE FROM sessions WHERE digest = :digest"
END_SESSIONS = "DELETE FROM sessions WHERE member = :member"
VOID_LINK = "DELETE FROM sign_ins WHERE member = :member"

FORGET_QUESTIONS = "DELETE FROM questions WHERE asked_ms <= :forgotten_ms"
ASK = """
INSERT INTO questions (question_id, community, member, asked_ms) VALUES (:question_id, :community, :member, :now_ms)
"""
OPEN = """
SELECT question_id, community, member FROM questions WHERE answer IS NULL AND asked_ms > :since_ms
ORDER BY asked_ms DESC LIMIT :most
"""
ANSWER = "UPDATE questions SET answer = :answer WHERE question_id = :question_id"
ANSWERED = "SELECT answer FROM questions WHERE question_id = :question_id AND answer IS NOT NULL"

PATIENCE_MS = round(ANSWER_S * 1000)
FORGET_MS = 60_000


class SqlSessions:
    """Implements `core.engine.sessions.SessionStore` on either engine."""

    def __init__(self, driver: Driver) -> None:
        self._driver = driver

    async def keep_link(self, visitor: Visitor, digest: str, now_ms: int, until_ms: int) -> None:
        who = {"member": visitor.member, "name": visitor.name, "locale": visitor.locale}
        args = {**who, "digest": digest, "now_ms": now_ms, "until_ms": until_ms}
        await self._driver.run([Statement(text, args) for text in (FORGET_LINKS, FORGET_SESSIONS, KEEP_LINK)])

    async def link(self, digest: str, now_ms: int) -> Visitor | None:
        rows = await self._read(LINK, digest=digest, now_ms=now_ms)
        return Visitor(member=rows[0]["member"], name=rows[0]["name"], locale=rows[0]["locale"]) if rows else None

    async def use_link(self, link: str, session: str, now_ms: int, until_ms: int) -> bool:
        args = {"digest": link, "session": session, "now_ms": now_ms, "until_ms": until_ms, "most": MOST_SESSIONS}
        # Of two who use it at once, one deletes it; the list of the other is undone.
        statements = [Statement(BEGIN, args, 1), Statement(USE_LINK, args, 1), Statement(FORGET_OLDEST, args)]
        try:
            await run_once(self._driver, statements, alone=(f"link {link}",), happened=Statement(BEGUN, args))
        except Unexpected:
            return False
        return True

    async def session(self, digest: str, now_ms: int) -> Session | None:
        rows = await self._read(SESSION, digest=digest, now_ms=now_ms)
        return Session(**dict(zip(rows[0].keys(), rows[0], strict=True))) if rows else None

    async def end_session(self, digest: str) -> None:
        await self._read(END_SESSION, digest=digest)

    async def end_sessions(self, member: str) -> None:
        await self._driver.run([Statement(text, {"member": member}) for text in (END_SESSIONS, VOID_LINK)])

    async def _read(self, text: str, **args: str | int) -> list[Row]:
        (rows,) = await self._driver.run([Statement(text, args)])
        return rows


class SqlQuestions:
    """Implements `core.engine.attesting.Questions` on either engine."""

    def __init__(self, driver: Driver, clock: Clock) -> None:
        self._driver = driver
        self._clock = clock

    async def ask(self, question: Question) -> None:
        now_ms = self._clock.now_ms()
        args = {**question._asdict(), "now_ms": now_ms, "forgotten_ms": now_ms - FORGET_MS}
        await self._driver.run([Statement(FORGET_QUESTIONS, args), Statement(ASK, args)])

    async def open(self, most: int) -> list[Question]:
        args = {"since_ms": self._clock.now_ms() - PATIENCE_MS, "most": most}
        (rows,) = await self._driver.run([Statement(OPEN, args)])
        return [Question(*row) for row in rows]

    async def answer(self, question_id: str, said: Attested | None, *, known: bool) -> None:
        answer = {"known": known, "said": said and said.to_json()}
        await self._driver.run([Statement(ANSWER, {"question_id": question_id, "answer": compact(answer)})])

    async def answered(self, question_id: str) -> tuple[bool, Attested | None] | None:
        (rows,) = await self._driver.run([Statement(ANSWERED, {"question_id": question_id})])
        if not rows:
            return None
        answer = json.loads(rows[0]["answer"])
        return answer["known"], answer["said"] and Attested.from_json(answer["said"])
