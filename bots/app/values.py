"""What the settings mean to the core."""

from collections.abc import Callable
from dataclasses import replace

from bots.app.bucket_address import read_bucket
from bots.app.settings import Settings
from bots.text import titles
from core.domain.finishing import Finish
from core.domain.models import Job
from core.domain.policy import Policy
from core.domain.products import PRODUCTS, Catalog, Sound, catalog, row_of
from core.domain.quota import DAY_MS
from core.domain.stored import BucketAddress
from core.engine.pace import Pace
from core.engine.queue import Limits
from core.engine.tidying import Keep

MB = 1_000_000


def catalog_of(settings: Settings) -> Catalog:
    """Build the product table with the operator's changes."""
    endpoints = {name: getattr(settings, f"{name}_endpoint", None) for name in PRODUCTS}
    limits = {name: getattr(settings, f"{name}_limit", None) for name in PRODUCTS}
    table = catalog(
        price_micros=settings.price_micros,
        limits={name: limit for name, limit in limits.items() if limit},
        more_voices=settings.voices,
        default_voice=settings.default_voice,
        endpoints={name: path for name, path in endpoints.items() if path},
    )
    return replace(
        table, products={name: replace(row, deadline_s=settings.job_s) for name, row in table.products.items()}
    )


def policy_of(settings: Settings) -> Policy:
    """Say what holds for everybody."""
    return Policy(
        default_quota=settings.default_quota,
        direct_quota=settings.direct_quota,
        max_waiting=settings.waiting_per_member,
        max_queue=settings.waiting_total,
        oldest_order_s=settings.queue_s,
        longest_order=settings.order_characters,
        price_micros=settings.price_micros,
        repeats=settings.repeat_kept,
        owners=frozenset(settings.owners),
    )


def finish_of(settings: Settings) -> Callable[[Job], Finish]:
    """Return how a job's files are finished: only speech is trimmed, as silence belongs to music."""

    def finish(job: Job) -> Finish:
        tags = (("title", titles.song_title(job)), ("artist", titles.performer(job)))
        trims = settings.trim_silence and row_of(job.product).sound is Sound.VOICE
        return Finish(settings.loudness_lufs, trims, tags)

    return finish


def limits_of(settings: Settings) -> Limits:
    """Say how many jobs may be at the gateway."""
    return Limits(total=settings.jobs_total, community=settings.jobs_per_community, member=settings.jobs_per_member)


def keep_of(settings: Settings) -> Keep:
    """Return how long finished audio is kept, and how much of it."""
    return Keep(
        ms=settings.keep_days * DAY_MS,
        bytes=settings.keep_mb * MB,
        community_bytes=settings.keep_mb_per_community * MB,
        shared_bytes=settings.artifacts_mb * MB,
    )


def bucket_of(settings: Settings) -> BucketAddress | None:
    """Return where audio is that machines share; None where they don't. Raises ValueError, ConfigurationError."""
    key, secret = settings.artifacts_key, settings.artifacts_secret
    if settings.artifacts_url is None or key is None or secret is None:
        return None
    bucket, prefix = read_bucket(settings.artifacts_url)
    found = BucketAddress(
        bucket=bucket,
        prefix=prefix,
        region=settings.artifacts_region,
        endpoint=settings.artifacts_endpoint,
        key=key,
        secret=secret,
    )
    return replace(found, proxy=settings.proxies.of(found.url))


def pace_of(settings: Settings, look_s: float | None) -> Pace:
    """The sandbox inside this process is near and quick; a real gateway asks for 5 to 10 seconds."""
    near = settings.sandboxed
    return Pace(
        poll_min_s=min(settings.poll_min_s, 0.5) if near else settings.poll_min_s,
        poll_max_s=min(settings.poll_max_s, 1.0) if near else settings.poll_max_s,
        queue_s=settings.queue_s,
        empty_s=5 if near else 60,
        unknown_s=10 if near else 180,
        callbacks=settings.public_url is not None,
        look_s=look_s,
    )
