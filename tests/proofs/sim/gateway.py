"""The simulated gateway: accepts, generates, bills and calls back, even when the process has died."""

import json
import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from core.domain.money import cost_of
from core.domain.products import PRICE_MICROS
from tests.proofs.sim.faults import Said
from tests.proofs.sim.wire import OWN, Answer, Reply, Request

if TYPE_CHECKING:
    from tests.proofs.sim.history import History

HOST, CDN, EVIL = "gateway.sim", "cdn.sim", "evil.sim"
KEY = "canary-gateway-key-5c1d"
MARK = re.compile(r"#(\d+)#(\d*)")
"""Says of words which order they are of, and which part of it they begin."""
PLAYED = re.compile(rb"ID3<(\d+)\.(\d+)>")
PART = 40
"""Characters of a request where texts are to come in parts."""
ADDRESSES = {HOST: OWN, CDN: "104.16.0.9"}
PRIVATE = {EVIL: "127.0.0.1", "metadata.sim": "169.254.169.254"}


@dataclass(slots=True)
class Generation:
    """One request that the gateway took."""

    request_id: str
    order: int
    part: int
    cost_micros: int
    callback: str
    outcome: str
    done_s: float
    done: bool = False
    called_s: float | None = None
    billed_micros: int = 0
    asked: int = 0
    seen: list[str] = field(default_factory=list)
    is_first: bool = True
    """Whether its part was not asked for before."""


def audio(order: int, part: int) -> bytes:
    """Return what was generated for a part of an order; whoever plays it can tell whether all of it came."""
    return b"ID3" + f"<{order}.{part}>".encode() + b"la" * 150 + b"<fin>"


def played(sound: bytes) -> tuple[int, tuple[int, ...]] | None:
    """Return the order, and the parts in the order in which they are heard; None for what is not whole."""
    found = [(int(order), int(part)) for order, part in PLAYED.findall(sound)]
    if not found or sound != b"".join(audio(*each) for each in found) or len({order for order, _ in found}) > 1:
        return None
    return found[0][0], tuple(part for _, part in found)


class GatewayWorld:
    """Keeps its own truth of what was accepted and billed."""

    def __init__(self, history: "History") -> None:
        self.history = history
        self.timeline = history.timeline
        self.generations: dict[str, Generation] = {}
        self.answered_with: dict[int, int] = {}
        """How often each order was accepted."""
        self.seen: set[str] = set()
        """The words of each request that arrived, accepted or not."""
        self._accepted: Counter[tuple[int, str]] = Counter()
        self.misled: set[int] = set()
        """Orders for which the gateway named another's request: nobody could tell whose audio that is."""
        for host, address in {**ADDRESSES, **PRIVATE}.items():
            history.wire.host(host, address, self.handle)

    # --- HTTP -----------------------------------------------------------------------------------------------------

    def handle(self, request: Request, answer: Answer) -> None:
        if request.host != HOST:
            if any(KEY in value for value in request.headers.values()):
                self.history.breach("no secret in any log, reply or row", f"the key was sent to {request.host}")
            answer(self._media(request))
        elif request.method == "POST":
            answer(self._submit(request))
        elif request.path.startswith("/v2/requests/status/"):
            answer(self._status(request))
        else:
            answer(self._media(request))

    def _say(self, said: Said, **values: Any) -> Reply:
        body = said.body
        for name, value in values.items():
            body = body.replace(f"<{name}>".encode(), str(value).encode())
        headers = {"Content-Type": "application/json", **said.headers}
        if headers.get("Retry-After") == "<date>":
            at = datetime.fromtimestamp(self.timeline.true_ms() / 1000, UTC) + timedelta(seconds=20)
            headers["Retry-After"] = format_datetime(at, usegmt=True)
        return Reply(said.status, body, headers, endless=said.endless)

    # --- submit ---------------------------------------------------------------------------------------------------

    def _submit(self, request: Request) -> Reply:
        asked = json.loads(request.body)
        self.seen.add(asked.get("text") or asked.get("prompt"))
        kind = self.history.draw("gw.submit")
        said: Said | None = kind.data if kind else None
        if said is not None and not said.accepts:
            return self._say(said)
        made = self._accept(request)
        made.called_s = said.called_s if said else None
        self.history.point("gateway accepts")
        reply = {"request_id": made.request_id, "status": "QUEUED", "polling_url": "http://gateway.sim/never"}
        if said is None:
            return Reply(202, json.dumps(reply).encode(), point="202 read")
        other = next((g for g in reversed(self.generations.values()) if g is not made), made)
        if b"<used>" in said.body and other is not made:
            self.misled |= {made.order, other.order}
        return self._say(said, id=made.request_id, used=other.request_id)

    def _accept(self, request: Request) -> Generation:
        asked = json.loads(request.body)
        text = asked.get("text") or asked.get("prompt")
        first, part = MARK.findall(text)[0]
        order = int(first)
        self.history.restores.forgetting.submitted(order)
        self._accepted[order, text] += 1
        times = self.answered_with[order] = max(self.answered_with.get(order, 0), self._accepted[order, text])
        if times > 1 + bool(part):  # a part that failed is tried once more
            self.history.breach("submits accepted by the gateway per part <= 1", f"order {order}: {times} times")
        kind = self.history.draw("gw.outcome")
        outcome = kind.data if kind else "COMPLETED"
        takes_s = self.timeline.rng.uniform(1, 40)
        request_id = f"model-{len(self.generations) + 1}_{self.timeline.rng.getrandbits(40):010x}"
        made = Generation(
            request_id, order, int(part or 0), cost_of(len(text), PRICE_MICROS), request.headers.get("x-webhook-url", ""), outcome,
            self.timeline.now_s + takes_s, is_first=self._accepted[order, text] == 1,
        )  # fmt: skip
        self.generations[request_id] = made
        self.history.tell(f"gateway accepts order {order} as {request_id}, outcome {outcome}")
        if outcome != "endless":
            self.timeline.after(takes_s, self._finish, made)
        if made.callback and (early := self.history.draw("cb.early")):
            self.timeline.after(0.0, self._call_back, made, early.data)
        return made

    def pardon(self, order: int) -> None:
        """Let an order be submitted once more."""
        self.answered_with.pop(order, None)
        for counted in [counted for counted in self._accepted if counted[0] == order]:
            del self._accepted[counted]

    def _finish(self, made: Generation) -> None:
        made.done = True
        if made.outcome not in {"ERROR", "error first"} and (
            made.outcome != "FAILED" or self.timeline.rng.random() < 0.5
        ):
            made.billed_micros = made.cost_micros
        self.history.tell(f"gateway is done with order {made.order}, bills {made.billed_micros}")
        if made.callback:
            kind = self.history.draw("cb.final") if made.called_s is None else None
            for delay_s, form in kind.data if kind else ((made.called_s or 0.1, "true"),):
                self.timeline.after(delay_s, self._call_back, made, form)

    # --- status ---------------------------------------------------------------------------------------------------

    def _status(self, request: Request) -> Reply:
        made = self.generations.get(request.path.rpartition("/")[2])
        kind = self.history.draw("gw.status")
        if kind is not None:
            others = [g.request_id for g in self.generations.values() if g is not made] or ["nobody"]
            return self._say(kind.data, id=made.request_id if made else "?", used=others[-1])
        if made is None:
            return Reply(404, b'{"error":"not found"}')
        made.asked += 1
        answer = self.state(made)
        final = answer["status"] == "COMPLETED"
        return Reply(200, json.dumps(answer).encode(), point="COMPLETED read" if final else "status read")

    def state(self, made: Generation) -> dict[str, Any]:
        """Return the status endpoint's answer."""
        status, output, error = "PROCESSING", None, None
        if made.outcome == "backwards":
            status = ("PROCESSING", "QUEUED", "PROCESSING")[made.asked % 3]
        elif made.outcome == "unknown":
            status = "PONDERING"
        elif made.outcome == "error first" and made.asked <= 1:
            status, error = "ERROR", "a passing fault"
        if made.done:
            status = made.outcome if made.outcome in {"FAILED", "ERROR"} else "COMPLETED"
            error = "no luck" if made.outcome in {"FAILED", "ERROR"} else None
            output = None if error else self._output(made)
        return {
            "request_id": made.request_id, "status": status, "model_id": "m", "error": error, "output": output,
        }  # fmt: skip

    def _output(self, made: Generation) -> Any:
        odd: dict[str, Any] = {
            "no media": None,
            "empty media": {"media_url": []},
            "odd media": {"media_url": [7, None, {"a": 1}]},
        }
        if made.outcome in odd:
            return odd[made.outcome]
        path = f"v1/{made.request_id}/{made.order}-{made.part}.mp3?signature=s"
        urls = {
            "private media": f"https://{EVIL}/{path}", "literal media": f"https://127.0.0.1/{path}",
            "plain media": f"http://{CDN}/{path}", "file media": "file:///etc/passwd",
            "own media": f"http://{HOST}/{path}",
        }  # fmt: skip
        return {"media_url": [urls.get(made.outcome, f"https://{CDN}/{path}")], "media_type": "audio/mpeg"}

    def _media(self, request: Request) -> Reply:
        if request.path == "/round":
            return Reply(302, b"", {"Location": "/round"})
        kind = self.history.draw("gw.media")
        if kind is not None:
            return self._say(kind.data, evil=f"https://{EVIL}/x", again=f"https://{CDN}{request.path}")
        name = urlsplit(request.path).path.rpartition("/")[2].removesuffix(".mp3")
        order, part = map(int, name.split("-"))
        return Reply(200, audio(order, part), {"Content-Type": "audio/mpeg"}, point="media read")

    # --- callbacks ------------------------------------------------------------------------------------------------

    def _call_back(self, made: Generation, form: str) -> None:
        path = urlsplit(made.callback).path
        body: Any = self.state(made)
        others = [g for g in self.generations.values() if g is not made]
        match form:
            case "wrong token":
                path = path[:-4] + "AAAA"
            case "another's id":
                body["request_id"] = others[-1].request_id if others else "unheard-of"
                self.misled |= {made.order, *(other.order for other in others[-1:])}
            case "unheard-of":
                body["request_id"] = "model-9_unheard-of"
            case "another's token" if others:
                path = urlsplit(others[-1].callback).path
                self.misled |= {made.order, others[-1].order}
            case "lying":
                body |= {"status": "COMPLETED", "output": {"media_url": [f"https://{EVIL}/steal.mp3"]}}
            case "lying failure":
                body |= {"status": "FAILED", "error": "a lie", "output": None}
            case "no id":
                body.pop("request_id")
            case "odd id":
                body["request_id"] = {"$gt": ""}
            case "list":
                body = [body]
        data = {"not json": b"{\xff", "huge": b" " * (10 << 20), "empty": b""}.get(form) or json.dumps(body).encode()
        self.history.wire.call_us(
            path,
            b"" if form == "empty" else data,
            partial(self._acknowledged, form, made.request_id),
            method="PUT" if form == "method" else "POST",
        )

    def _acknowledged(self, form: str, request_id: str, status: int) -> None:
        if status == 404 and request_id in self.history.restores.forgetting.requests:
            form = ""  # the books may have forgotten whose it is
        if (form == "wrong token") != (status == 404) and status < 500 and form in {"true", "wrong token"}:
            self.history.breach("only a job's own address is answered", f"{form}: {status}")
        self.history.point("webhook acknowledged")
