"""Audio that is kept no longer."""

from core.domain.models import Job
from storage import jobs_sql
from storage.driver import Statement, When
from storage.job_rows import stored


def dropping(job: Job, *, chat_keeps: bool = False, expect: int | None = None) -> list[Statement]:
    """Return what forgets a job's files, unless it is open: the first statement meets no row then.

    `chat_keeps`: its chat keeps the audio all the same; else that is forgotten too. `expect`: rows of the first.
    """
    args = {"job_id": job.job_id, "kept": int(chat_keeps)}
    statements, dropped = [Statement(jobs_sql.DROP_FILES, args, expect)], When(jobs_sql.DROP_FILES)
    for made in job.generations:
        left = made.without_files if chat_keeps else ()
        values = {"job_id": job.job_id, "number": made.number, "artifacts": stored(left)}
        statements.append(Statement(jobs_sql.LEAVE_ARTIFACTS, values, when=dropped))
    if not chat_keeps:
        statements.append(Statement(jobs_sql.FORGET_KEPT, args, when=dropped))
    return statements
