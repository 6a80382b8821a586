"""For whom the service is asked, as the log would tell."""

from typing import Any

import pytest

from core.domain.models import Job
from core.domain.people import Caller
from core.engine.behalf import whose
from core.service.service import Service


def noted(monkeypatch: pytest.MonkeyPatch) -> list[Job | Caller | None]:
    """Return a list that gets whoever's work it is each time when what somebody may spend is asked for."""
    seen: list[Job | Caller | None] = []
    real = Service.standing

    async def standing(self: Service, caller: Caller) -> Any:
        seen.append(whose())
        return await real(self, caller)

    monkeypatch.setattr(Service, "standing", standing)
    return seen
