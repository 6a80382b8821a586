"""The ports, with every call counted by its outcome."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.audio import Want
from core.meters import Meters
from core.models import Artifact, Job, Receipt
from core.ports import Delivery, Gateway, GatewayStatus
from core.products import Product


class ObservedGateway:
    """A `Gateway` that is counted."""

    def __init__(self, gateway: Gateway, meters: Meters) -> None:
        self._gateway = gateway
        self._meters = meters

    async def submit(self, product: Product, parameters: Mapping[str, Any], callback_token: str) -> str:
        """Post one request, once."""
        with self._meters.outcome("gateway_calls", "submit"):
            return await self._gateway.submit(product, parameters, callback_token)

    async def status(self, request_id: str) -> GatewayStatus:
        """Ask the universal status endpoint."""
        with self._meters.outcome("gateway_calls", "status"):
            return await self._gateway.status(request_id)

    async def fetch(self, url: str, into: Path) -> str:
        """Stream one artifact to a file, and return its content type."""
        with self._meters.outcome("gateway_calls", "fetch"):
            return await self._gateway.fetch(url, into)


class ObservedDelivery:
    """A `Delivery` that is counted, but for progress, which is a decoration."""

    def __init__(self, name: str, delivery: Delivery, meters: Meters) -> None:
        self._name = name
        self._delivery = delivery
        self._meters = meters

    def accepts(self, job: Job) -> Want:
        """Say which files the job's chat takes."""
        return self._delivery.accepts(job)

    def shows(self, job: Job) -> bool:
        """Say whether there is progress to show."""
        return self._delivery.shows(job)

    async def progress(self, job: Job) -> None:
        """Show how far the job is."""
        await self._delivery.progress(job)

    async def deliver(self, job: Job, artifacts: Sequence[Artifact], receipt: Receipt, *, uncertain: bool) -> None:
        """Hand the files to the chat."""
        with self._meters.outcome("deliveries", self._name, "audio"):
            await self._delivery.deliver(job, artifacts, receipt, uncertain=uncertain)

    async def tell(self, job: Job, receipt: Receipt) -> None:
        """Say how a job without audio in the chat ended."""
        with self._meters.outcome("deliveries", self._name, "words"):
            await self._delivery.tell(job, receipt)
