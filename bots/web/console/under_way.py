"""Orders under way, for whoever sees them: since when, and what each waits for."""

from bots.text.locale import N_, _
from bots.text.wording import ago
from bots.web.console.visit import Visit
from core.domain.overview import JobLine

_STAGES = {
    "queued": N_("waits for its turn"),
    "submitting": N_("is being submitted"),
    "unconfirmed": N_("waits for the gateway to confirm it"),
    "running": N_("waits for the gateway"),
    "late": N_("may come late"),
    "asking": N_("waits for its member's answer"),
    "pending": N_("waits to be sent"),
    "sending": N_("is being sent"),
    "undeliverable": N_("could not be delivered"),
}


def waits_for(job: JobLine) -> str:
    """Say what an order waits for."""
    return _(_STAGES[job.stage]) if job.stage in _STAGES else job.stage


def since(visit: Visit, job: JobLine) -> str:
    """Say how long ago it was ordered."""
    return ago(job.created_ms, visit.console.sessions.clock.since_ms(job.created_ms) / 1000)
