"""Who is in the chats and what they do there: a script drawn by the seed."""

import re
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from tests.proofs.sim.discord_payloads import resolved
from tests.proofs.sim.gateway import PART
from tests.proofs.sim.telegram import person

if TYPE_CHECKING:
    from tests.proofs.sim.history import History

ADMIN = 11
MEMBERS = (11, 12, 13)
CHANNEL = 7001
HOSTILE = (
    "\u202e@everyone @member11 <b>*_~`[x](http://127.0.0.1)</b> \u200b\u0336a\u0301\u0301\u0301 '; DROP TABLE jobs; --"
)
JSON = dict[str, Any]


class People:
    """Two chats, one on each platform, with an admin and two members each."""

    def __init__(self, history: "History") -> None:
        self.history = history
        self.timeline = history.timeline
        self.rng = history.timeline.rng
        self.faults_end_s = self.rng.uniform(120, 400)
        self.telegram = history.telegram.chat(*MEMBERS)
        self.telegram.members[ADMIN] = "administrator"
        self._next_order = 1
        self._events: dict[int, str] = {}
        self.ordered_by: dict[int, int] = {}
        self._doing: dict[str, Callable[[str, int, str], None]] = {
            "quota set": self._set_quota, "block": self._block, "demote": self._demote, "grant revoke": self._grant,
            "twice": self._twice, "late twin": self._late_twin, "edge": self._edge, "flood": self._flood,
            "press other": self._press_other, "press twice": self._press_twice, "press made up": self._press_made_up,
            "no admin": self._no_admin, "hostile": self._hostile, "anonymous": self._anonymous,
            "confirm": self._confirm, "limits": self._limits, "request": self._request_credit, "cancel": self._cancel,
        }  # fmt: skip

    def begin(self) -> None:
        """Plan the orders, and look for buttons now and then."""
        for _ in range(self.rng.choice((1, 2, 3, 5))):
            self.timeline.after(self.rng.uniform(1, self.faults_end_s * 0.6), self._plan)
        self.timeline.after(30.0, self._press_some)

    def knows(self, order: int, event: str) -> bool:
        return order in self._events and event.startswith(self._events[order])

    def _plan(self) -> None:
        platform, member = self.rng.choice(("telegram", "discord")), self.rng.choice(MEMBERS)
        self.order(platform, member, self.rng.choice((30, 60, 100, 150)))
        if kind := self.history.draw("people"):
            act, about = kind.data
            self.timeline.after(self.rng.uniform(0.0, 15.0), self._doing[act], platform, member, about)

    # --- orders ---------------------------------------------------------------------------------------------------

    def order(self, platform: str, member: int, length: int, words: str = "la ", **more: Any) -> Any:
        """Order speech or music; return the platform's event."""
        number = self._next_order
        self._next_order += 1
        self.ordered_by[number] = member
        text = f"#{number}# {words * length}"[:length]
        if self.history.parts:  # each part begins with a mark
            text = "".join(f"#{number}#{n} " for n in range(length))[:length] if words == "la " else text[:PART]
        text = text.strip()
        music = self.rng.random() < 0.3
        self.history.tell(f"member {member} orders {number} on {platform}")
        if platform == "telegram":
            line = f"/music {text}" if music else f"/speak Aria {text}"
            user = more.pop("user", person(member))
            update = self.history.telegram.say(self.telegram, user, line, number, **more)
            message = update["message"]
            self._events[number] = f"telegram:{message['chat']['id']}:{message['message_id']}"
            return update
        options = [("prompt", text)] if music else [("voice", "Aria"), ("text", text)]
        data = _command("music" if music else "speak", [_option(name, value) for name, value in options])
        event = self.history.discord.interact(CHANNEL, member, data, admin=member == ADMIN, order=number)
        self._events[number] = f"discord:{event['id']}"
        return event

    def _twice(self, platform: str, member: int, _: str) -> None:
        self._repeat(platform, self.order(platform, member, 40))

    def _late_twin(self, platform: str, member: int, _: str) -> None:
        self.timeline.after(60.0, self._repeat, platform, self.order(platform, member, 40))

    def _repeat(self, platform: str, event: JSON) -> None:
        if platform == "telegram":
            self.history.telegram.repeat(event)
        else:
            self.history.discord.dispatch(event)

    def _edge(self, platform: str, member: int, _: str) -> None:
        for _i in range(2):
            self.order(platform, member, 195)

    def _flood(self, platform: str, member: int, _: str) -> None:
        for _i in range(13):
            self.order(platform, member, 12)

    def _cancel(self, platform: str, member: int, _: str) -> None:
        """Order more than may begin at once, and take back whatever waits or ever waited."""
        for _i in range(6):
            self.order(platform, member, 12)
        seen: dict[str, Callable[[int, str], None]] = {}
        for after_s in (0.5, 1, 2, 4, 8, 16, 32, 64, 128):
            self.timeline.after(after_s, self._press_cancel, member, seen)

    def _press_cancel(self, member: int, seen: dict[str, Callable[[int, str], None]]) -> None:
        seen |= {data: press for press, data in self._buttons() if data.startswith("cancel:")}
        for data, press in seen.items():
            press(member, data)

    def _hostile(self, platform: str, member: int, _: str) -> None:
        self.order(platform, member, 90, HOSTILE)

    def _anonymous(self, _: str, __: int, ___: str) -> None:
        group = {"id": 1087968824, "is_bot": True, "first_name": "Group", "username": "GroupAnonymousBot"}
        self.order("telegram", 0, 30, user=group, sender_chat=self.telegram.raw)

    # --- admins ---------------------------------------------------------------------------------------------------

    def _say(self, platform: str, who: int, words: str, *options: tuple[str, str], about: int | None = None) -> None:
        """Give a command: typed on Telegram, with options on Discord."""
        self.history.tell(f"member {who} on {platform}: /{words} {about or ''} {' '.join(v for _, v in options)}")
        if platform == "telegram":
            name = f" @member{about}" if about else ""
            line = f"/{words}{name} {' '.join(value for _, value in options)}".strip()
            self.history.telegram.say(self.telegram, person(who), line)
            return
        sent = [_option(name, value) for name, value in options]
        if about:
            sent.insert(0, {"name": "member", "type": 6, "value": str(about)})
        first, *rest = words.split()
        data = _command(first, [{"name": rest[0], "type": 1, "options": sent}] if rest else sent)
        if about:
            data["resolved"] = resolved(about)
        self.history.discord.interact(CHANNEL, who, data, admin=who == ADMIN)

    def _set_quota(self, platform: str, member: int, about: str) -> None:
        amount, period = about.split()
        self._say(platform, ADMIN, "quota set", ("amount", amount), ("period", period), about=member)

    def _block(self, platform: str, member: int, about: str) -> None:
        self._say(platform, ADMIN, "block", ("span", about), about=member)
        self.timeline.after(3.0, self.order, platform, member, 30)

    def _demote(self, _: str, member: int, __: str) -> None:
        self.telegram.members[ADMIN] = "member"
        self._say("telegram", ADMIN, "grant", ("amount", "5"), ("reason", "forbidden"), about=member)

    def _no_admin(self, platform: str, member: int, _: str) -> None:
        self._say(platform, 13, "grant", ("amount", "5"), ("reason", "forbidden"), about=member)

    def _grant(self, platform: str, member: int, about: str) -> None:
        self._say(platform, ADMIN, "grant", ("amount", about), about=member)
        self.timeline.after(1.0, self.order, platform, member, 180)
        self.timeline.after(2.0, self.order, platform, member, 180)
        self.timeline.after(6.0, self._take_back, platform, member, about)

    def _take_back(self, platform: str, member: int, about: str) -> None:
        self._say(platform, ADMIN, "revoke", ("amount", about), about=member)

    def _limits(self, platform: str, member: int, about: str) -> None:
        name, value = about.split()
        self._say(platform, ADMIN, "limits", ("name", name), ("value", value))
        self.timeline.after(5.0, self.order, platform, member, 30)

    def _confirm(self, platform: str, member: int, _: str) -> None:
        self._say(platform, ADMIN, "limits", ("name", "confirm_micros"), ("value", "0.001"))
        self.timeline.after(5.0, self.order, platform, member, 60)

    def _request_credit(self, platform: str, member: int, _: str) -> None:
        self._say(platform, ADMIN, "quota set", ("amount", "0.001"), ("period", "day"), about=member)
        self.timeline.after(3.0, self.order, platform, member, 60)

    # --- buttons --------------------------------------------------------------------------------------------------

    def _press_some(self) -> None:
        """Press what there is to press, each button sooner or later, while faults go on."""
        if self.history.mix.over:
            return
        for press, data in self._buttons():
            if self.rng.random() < 0.5:
                press(self._owner(data), data)
        self.timeline.after(15.0, self._press_some)

    def press_kept(self, kept: Mapping[str, int]) -> set[str]:
        """Let everybody ask for their kept audio where the chat is sound; return the jobs asked for."""
        asked: set[str] = set()
        for press, data in self._buttons(sound=True):
            job_id = data.removeprefix("again:")
            if data.startswith("again:") and job_id in kept and job_id not in asked:
                press(kept[job_id], data)
                asked.add(job_id)
        return asked

    def answer_questions(self) -> None:
        """Let everybody say what they take of what they ordered, now that nothing goes wrong."""
        for press, data in self._buttons(sound=True):
            kind, _, job_id = data.partition(":")
            order = self.history.order_of_job(job_id) if kind in {"take", "nothing"} else None
            if order is not None and self.rng.random() < 0.5:
                press(self.ordered_by[order], data)

    def _owner(self, data: str) -> int:
        return (
            ADMIN
            if data.startswith(("approve", "decline"))
            else int(found[1])
            if (found := re.fullmatch(r"ask(?:go)?:\d+:(\d+)(?::\w+)?", data))
            else self.rng.choice(MEMBERS)
        )

    def _buttons(self, *, sound: bool = False) -> list[tuple[Callable[[int, str], None], str]]:
        """Return what can be pressed; `sound`: only where nothing has become of the chat."""
        found: list[tuple[Callable[[int, str], None], str]] = []
        for chat in list(self.history.telegram.chats.values()):
            if sound and (chat.kicked or chat.moved_to or chat is not self.telegram):
                continue
            for message in list(chat.messages.values()):
                for row in message.get("reply_markup", {}).get("inline_keyboard", []):
                    found += [(self._presser(chat, message), button["callback_data"]) for button in row]
        for post in list(self.history.discord.posts.values()):
            if not post.deleted and not (sound and post.channel in self.history.discord.gone):
                buttons = [b for row in post.components for b in row.get("components", [])]
                found += [(self._clicker(post), button["custom_id"]) for button in buttons]
        return [
            (press, data) for press, data in found if not data.startswith("anew:")
        ]  # orders are known by their words

    def _presser(self, chat: Any, message: JSON) -> Callable[[int, str], None]:
        def press(who: int, data: str) -> None:
            self.history.tell(f"member {who} presses {data} on telegram")
            self.count(who, data)
            self.history.telegram.press(chat, person(who), message, data)

        return press

    def _clicker(self, post: Any) -> Callable[[int, str], None]:
        def press(who: int, data: str) -> None:
            self.history.tell(f"member {who} presses {data} on discord")
            self.count(who, data)
            what = {"custom_id": data, "component_type": 2}
            self.history.discord.interact(post.channel, who, what, admin=who == ADMIN, on=post)

        return press

    def count(self, who: int, data: str, *, again: bool = False) -> None:
        """Note what whoever ordered asks for; anybody else must not get it. `again`: the press was given before."""
        kind, _, job_id = data.partition(":")
        if not again:
            self.history.restores.forgetting.tapped(who, kind)
        order = self.history.order_of_job(job_id)
        if order is not None and self.ordered_by[order] == who:
            self.history.pressed[order] += kind == "again"
            self.history.filed[order] += kind == "file"
            self.history.restores.forgetting.taken[order] += kind == "take"
            self.history.taken_back |= {order} if kind == "cancel" else set()

    def waiting(self, order: int) -> int:
        """Return how many presses for an order's audio nobody has been given yet."""
        asked = (data.partition(":") for data in self.history.telegram.not_given())
        return sum(
            kind in {"again", "file", "take"} and self.history.order_of_job(job_id) == order
            for kind, _, job_id in asked
        )

    def _press_other(self, _: str, __: int, ___: str) -> None:
        for press, data in self._buttons():
            press(13, data)

    def _press_twice(self, _: str, __: int, ___: str) -> None:
        for press, data in self._buttons():
            who = self._owner(data)
            press(who, data)
            press(who, data)

    def _press_made_up(self, platform: str, member: int, _: str) -> None:
        for data in ("again:nothing", "approve:1' OR '1'='1", "confirm:", "ask:9:9:9", "\u202e:x", "again:../../etc"):
            if platform == "telegram" and self.telegram.messages:
                message = next(iter(self.telegram.messages.values()))
                self.history.telegram.press(self.telegram, person(member), message, data)
            elif self.history.discord.posts:
                post = next(iter(self.history.discord.posts.values()))
                what = {"custom_id": data, "component_type": 2}
                self.history.discord.interact(CHANNEL, member, what, on=post)


def _command(name: str, options: list[JSON]) -> JSON:
    return {"id": "1", "name": name, "type": 1, "options": options}


def _option(name: str, value: str) -> JSON:
    return {"name": name, "type": 3, "value": value}
