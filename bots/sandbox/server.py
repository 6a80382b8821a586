"""The sandbox's HTTP side: submit, status, media."""

import asyncio
import json
import logging
from collections import OrderedDict, deque
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

from aiohttp import hdrs, web
from aiohttp.typedefs import Handler

from bots.sandbox import faults, refusals
from bots.sandbox.config import SandboxConfig
from bots.sandbox.faults import Answer, Fault, Media
from bots.sandbox.jobs import Job, Queue
from bots.sandbox.products import PRODUCTS
from bots.sandbox.refusals import Refused
from bots.sandbox.studio import Studio
from bots.sandbox.validation import webhook_complaint
from core.domain.contract import RequestStatus, WebhookMode

log = logging.getLogger("troubadour.sandbox")

KEY = "Ocp-Apim-Subscription-Key"
CHARACTER_MICROS = 100
"""The price per character: $0.10 per 1,000."""
BODY_BYTES = 2**20
MEMORY = 10_000
"""How many media requests, and how many refused texts, are remembered."""
NONSENSE = bytes(range(256)) * 16


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """A request for media, and whether it carried the key, which media hosts must never see."""

    path: str
    key_sent: bool


@web.middleware
async def _refusing(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Turn refusals and the router's own errors into JSON responses."""
    try:
        return await handler(request)
    except Refused as refused:
        return refusals.answer(refused)
    except web.HTTPException as error:
        if error.status not in refusals.REASONS:
            raise
        return refusals.answer(Refused(error.status))


class Sandbox:
    """A local gateway; audio and charges are simulated."""

    def __init__(self, config: SandboxConfig | None = None) -> None:
        self.config = config or SandboxConfig()
        self.url = ""
        """The base URL once started, such as http://127.0.0.1:PORT, without a trailing slash."""
        self.media_requests: deque[MediaRequest] = deque(maxlen=MEMORY)
        self._refused: OrderedDict[str, int] = OrderedDict()
        self._products = {product.endpoint: name for name, product in PRODUCTS.items()}
        self._studio: Studio | None = None
        self._queue: Queue | None = None
        self._runner: web.AppRunner | None = None

    @property
    def submits(self) -> list[Job]:
        """Accepted requests, oldest first: all unfinished ones and the last `keep` that finished."""
        return list(self._running.jobs.values())

    @property
    def charged_micros(self) -> int:
        """What has been charged in total; requests that ended as ERROR are refunded."""
        return self._running.charged_micros

    @property
    def _running(self) -> Queue:
        if self._queue is None:
            raise RuntimeError("the sandbox has not been started")
        return self._queue

    async def start(self) -> None:
        """Start to listen. Raises OSError if the port is taken."""
        log.warning("sandbox gateway: audio is simulated, nothing is charged, not for production")
        app = web.Application(middlewares=[_refusing], client_max_size=BODY_BYTES)
        app.router.add_get("/v2/requests/status/{request_id}", self._status)
        app.router.add_get("/media/v1/{request_id}/{name}", self._media)
        app.router.add_post("/{path:.*}", self._submit)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
        await self._runner.setup()
        site = web.TCPSite(self._runner, self.config.host, self.config.port)
        try:
            await site.start()
        except OSError:
            await self._runner.cleanup()
            raise
        self._studio = Studio(self.config.cache_bytes)
        self._queue = Queue(self.config, self._studio)
        self.url = f"http://{self.config.host}:{self._runner.addresses[0][1]}"
        self._queue.resume(self._fault, self.url)

    async def stop(self) -> None:
        """Stop listening, cancel unfinished requests and delete the audio; `submits` stays readable."""
        if self._runner:
            await self._runner.cleanup()
            self._runner = None
        if self._queue:
            await self._queue.close()
        if self._studio:
            await self._studio.close()
            self._studio = None

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.stop()

    async def _submit(self, request: web.Request) -> web.StreamResponse:
        self._authenticate(request)
        model, product = self._model(request)
        payload = await _payload(request, product)
        text = PRODUCTS[product].billed(payload)
        fault = self._fault(text)
        self._refuse(fault, text)
        job = self._job(request, product, model, payload, fault)
        self._admit(job)
        return await self._answer(request, job)

    def _authenticate(self, request: web.Request) -> None:
        key = request.headers.get(KEY, "")
        if not key or (self.config.key is not None and key != self.config.key):
            raise Refused(401)

    def _model(self, request: web.Request) -> tuple[str, str]:
        model = request.path.split("/")[1]
        if request.path not in self._products:
            raise Refused(400, f"Model '{model}' not found or is disabled", "Model not found")
        return model, self._products[request.path]

    def _fault(self, text: str) -> Fault:
        name = faults.marked(text) or self.config.fault
        if name is None:
            return faults.NO_FAULT
        if name not in faults.TABLE:
            raise Refused(400, f"The sandbox has no fault '{name}', only: {', '.join(faults.TABLE)}")
        return faults.TABLE[name]

    def _refuse(self, fault: Fault, text: str) -> None:
        if not fault.refusal:
            return
        times = self._refused.get(text, 0)
        if fault.relents and times >= self.config.refusals:
            return
        self._refused[text] = times + 1
        if len(self._refused) > MEMORY:
            self._refused.popitem(last=False)
        raise Refused(fault.refusal)

    def _job(self, request: web.Request, product: str, model: str, payload: dict[str, Any], fault: Fault) -> Job:
        url, mode = request.headers.get("X-Webhook-URL"), request.headers.get("X-Webhook-Mode", WebhookMode.TERMINAL)
        if complaint := webhook_complaint(url, mode):
            raise Refused(400, complaint)
        return Job(
            product=product,
            model=model,
            payload=payload,
            headers={name: value for name, value in request.headers.items() if name.title() != KEY},
            fault=fault,
            origin=str(request.url.origin()),
            webhook_url=url,
            webhook_mode=WebhookMode(mode),
            charged_micros=len(PRODUCTS[product].billed(payload)) * CHARACTER_MICROS,
        )

    def _admit(self, job: Job) -> None:
        wallet_micros = self.config.wallet_micros
        if wallet_micros is not None and self.charged_micros + job.charged_micros > wallet_micros:
            raise Refused(402)
        if self._running.full:
            raise Refused(429)
        self._running.accept(job)

    async def _answer(self, request: web.Request, job: Job) -> web.StreamResponse:
        match job.fault.answer:
            case Answer.SERVER_ERROR:
                raise Refused(500)
            case Answer.PAGE:
                return refusals.page()
            case Answer.CLOSED if request.transport:
                request.transport.abort()
            case Answer.LATE:
                await asyncio.sleep(self.config.slow_s)
        polling_url = f"{job.origin}/v2/requests/status/{job.request_id}"
        receipt = {"request_id": job.request_id, "status": RequestStatus.QUEUED, "polling_url": polling_url}
        return web.json_response(receipt, status=202)

    async def _status(self, request: web.Request) -> web.StreamResponse:
        self._authenticate(request)
        job = self._find(request)
        if job.fault.slow_status:
            await asyncio.sleep(self.config.slow_s)
        job.polls += 1
        odd = job.fault.first[job.polls - 1 : job.polls]
        if not odd:
            return web.json_response(job.body())
        if odd[0] == faults.PAGE:
            return refusals.page()
        return web.json_response(job.body() | {"status": odd[0], "output": None, "completed_at": None})

    def _find(self, request: web.Request) -> Job:
        job = self._running.jobs.get(request.match_info["request_id"])
        if job is None:
            raise Refused(404, "No such request", "Request not found")
        return job

    async def _media(self, request: web.Request) -> web.StreamResponse:
        self.media_requests.append(MediaRequest(request.path, key_sent=KEY in request.headers))
        job = self._find(request)
        media_type, suffix = PRODUCTS[job.product].label(job.payload)
        offered = request.match_info["name"] in (f"output.{suffix}", f"output-2.{suffix}")
        is_there = job.status is RequestStatus.COMPLETED and job.fault.media is not Media.ABSENT
        if self._studio is None or not is_there or not offered:
            raise Refused(404)
        if job.fault.media is Media.GARBAGE:
            return web.Response(body=NONSENSE, content_type=media_type)
        path = await self._studio.audio(job.product, job.payload)
        return web.FileResponse(path, headers={hdrs.CONTENT_TYPE: media_type})


async def _payload(request: web.Request, product: str) -> dict[str, Any]:
    if request.content_type != "application/json":
        raise Refused(400, "Content-Type must be application/json")
    try:
        payload = await request.json()
    except (json.JSONDecodeError, UnicodeDecodeError, RecursionError, LookupError) as error:
        raise Refused(400, "the body is not valid JSON") from error
    if complaint := PRODUCTS[product].complaint(payload):
        raise Refused(400, complaint)
    valid: dict[str, Any] = payload
    return valid
