"""The ports, with every call counted by its outcome."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.domain.audio import Want
from core.domain.errors import (
    ArtifactsAway,
    DeliveryDelayed,
    DeliveryError,
    DeliveryUncertain,
    GatewayError,
    NoAnswer,
    ServerError,
    Unreachable,
    Unreadable,
)
from core.domain.models import Artifact, Job, Kept
from core.domain.orders import Destination
from core.domain.products import Product
from core.domain.quoting import without, words_in
from core.domain.receipts import Receipt
from core.domain.stored import Stored
from core.domain.troubles import OF_A_MODEL, TROUBLE_OF, Trouble, Troubles
from core.domain.warnings import BudgetWarning
from core.engine.meters import Meters
from core.engine.waits import Waits
from core.ports import Bucket, Delivery, Gateway, GatewayStatus

GATEWAY = "gateway"
LONG_WAIT_S = 120.0
"""A chat that asks for a wait this long has answered: what waits for it does not count as stalled."""
AWAY = (Unreachable, ServerError, NoAnswer, Unreadable)
"""After these it is unknown whether the gateway works."""

FAILURES = 3
"""So many calls to the shared store fail in a row before the operators are told."""


class ObservedGateway:
    """A `Gateway` whose calls are counted, and whose answers begin and end the operators' troubles."""

    def __init__(self, gateway: Gateway, meters: Meters, troubles: Troubles | None = None) -> None:
        self._gateway = gateway
        self._meters = meters
        self._troubles = troubles or Troubles()
        self._liveness = meters.liveness(GATEWAY)

    async def submit(self, product: Product, parameters: Mapping[str, Any], callback_token: str) -> str:
        with (
            self._meters.outcome("gateway_calls", "submit"),
            self._heeded(product.name, words_in(product.name, parameters)),
        ):
            request_id = await self._gateway.submit(product, parameters, callback_token)
        for trouble in TROUBLE_OF.values():
            self._troubles.end(trouble, _about(trouble, product.name))
        return request_id

    async def status(self, request_id: str) -> GatewayStatus:
        with self._meters.outcome("gateway_calls", "status"), self._heeded():
            return await self._gateway.status(request_id)

    async def fetch(self, url: str, into: Path) -> str:
        with self._meters.outcome("gateway_calls", "fetch"):
            return await self._gateway.fetch(url, into)

    @contextmanager
    def _heeded(self, product: str = "", words: str = "") -> Iterator[None]:
        with self._liveness.trying(""):
            try:
                yield
            except AWAY:
                raise
            except GatewayError as error:
                self._liveness.succeeded()
                if trouble := TROUBLE_OF.get(error.reason):
                    self._troubles.begin(trouble, _about(trouble, product), without(error.detail, words))
                raise
            self._liveness.succeeded()


def _about(trouble: Trouble, product: str) -> str:
    return product if trouble in OF_A_MODEL else ""


class ObservedBucket:
    """A `Bucket` whose calls and bytes are counted, and whose failures in a row are the operators' trouble."""

    def __init__(self, bucket: Bucket, meters: Meters, troubles: Troubles) -> None:
        self._bucket = bucket
        self._meters = meters
        self._troubles = troubles
        self._failed = 0

    async def put(self, name: str, path: Path) -> int:
        with self._heeded("put"):
            size_bytes = await self._bucket.put(name, path)
        self._meters.count("artifact_bytes", "put", by=size_bytes)
        return size_bytes

    async def get(self, name: str, into: Path, size_bytes: int) -> bool:
        with self._heeded("get"):
            found = await self._bucket.get(name, into, size_bytes)
        self._meters.count("artifact_bytes", "get", by=size_bytes * found)
        return found

    async def delete(self, names: Sequence[str]) -> None:
        with self._heeded("delete"):
            await self._bucket.delete(names)

    async def list(self, folder: str = "") -> Sequence[Stored]:
        with self._heeded("list"):
            return await self._bucket.list(folder)

    def close(self) -> None:
        self._bucket.close()

    @contextmanager
    def _heeded(self, call: str) -> Iterator[None]:
        try:
            with self._meters.outcome("artifact_calls", call):
                yield
        except ArtifactsAway as error:
            self._failed += 1
            if self._failed >= FAILURES:
                self._troubles.begin(Trouble.ARTIFACTS_AWAY, "", str(error))
            raise
        self._failed = 0
        self._troubles.end(Trouble.ARTIFACTS_AWAY)


class ObservedDelivery:
    """A `Delivery` whose calls, but for progress, are counted, and that knows how long nothing has got through."""

    def __init__(self, name: str, delivery: Delivery, meters: Meters, waits: Waits, *, speaks_first: bool) -> None:
        """`speaks_first`: the first words on an order are said where it is taken, and not by its worker."""
        self._name = name
        self._delivery = delivery
        self._meters = meters
        self._waits = waits
        self._speaks_first = speaks_first
        self._liveness = meters.liveness(name)

    def accepts(self, job: Job) -> Want:
        return self._delivery.accepts(job)

    def lasting(self, job: Job) -> Destination:
        return self._delivery.lasting(job)

    def line(self, job: Job) -> str:
        return self._delivery.line(job)

    def room_in_s(self, job: Job) -> float:
        return self._delivery.room_in_s(job)

    def shows(self, job: Job) -> bool:
        return self._delivery.shows(job)

    async def progress(self, job: Job) -> None:
        await self._delivery.progress(job)
        self._note_sign(job)

    def _note_sign(self, job: Job) -> None:
        if not self._speaks_first:
            self._waits.first_sign(job)

    def _note_audio(self, job: Job) -> None:
        self._note_sign(job)
        self._waits.audio(job)

    async def deliver(
        self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool
    ) -> Kept | None:
        with self._meters.outcome("deliveries", self._name, "audio"), self._heeded(job.job_id):
            kept = await self._delivery.deliver(job, artifacts, receipt, uncertain=uncertain)
        self._note_audio(job)
        return kept

    async def repeat(self, job: Job, kept: Kept, receipt: Receipt, *, uncertain: bool) -> Kept:
        with self._meters.outcome("deliveries", self._name, "audio"), self._heeded(job.job_id):
            kept = await self._delivery.repeat(job, kept, receipt, uncertain=uncertain)
        self._note_audio(job)
        return kept

    async def tell(self, job: Job, receipt: Receipt) -> None:
        with self._meters.outcome("deliveries", self._name, "words"):
            await self._delivery.tell(job, receipt)
        self._note_sign(job)

    async def warn(self, job: Job, warning: BudgetWarning) -> None:
        with self._meters.outcome("deliveries", self._name, "words"):
            await self._delivery.warn(job, warning)

    @contextmanager
    def _heeded(self, job_id: str) -> Iterator[None]:
        with self._liveness.trying(job_id):
            try:
                yield
            except DeliveryDelayed as error:
                if error.retry_after_s >= LONG_WAIT_S:
                    self._liveness.put_off(job_id, error.retry_after_s)
                raise
            except DeliveryUncertain:
                self._liveness.lost(job_id)
                raise
            except DeliveryError:
                self._liveness.refused(job_id)
                raise
            self._liveness.succeeded()
