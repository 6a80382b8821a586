"""What `ARTIFACTS_URL` and the settings beside it mean."""

import re
from collections.abc import Iterator

from pydantic import SecretStr

_BUCKET = re.compile(
    r"s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])"
    r"(?:/+(?P<prefix>[\w!.*'()-]+(?:/[\w!.*'()-]+)*))?/*",
    re.ASCII,
)
"""The names of buckets that Amazon allows, and the characters in names of objects that it calls safe."""


def read_bucket(url: str) -> tuple[str, str]:
    """Read `s3://bucket/prefix`. Raises ValueError."""
    found = _BUCKET.fullmatch(url)
    if found is None or {".", ".."} & set((found["prefix"] or "").split("/")):
        such_as = "s3://bucket or s3://bucket/prefix; the store's address goes into ARTIFACTS_ENDPOINT"
        raise ValueError(f"ARTIFACTS_URL: {url!r} is not such as {such_as}")
    return found["bucket"], found["prefix"] or ""


def lone_credentials(url: str | None, key: SecretStr | None, secret: SecretStr | None) -> Iterator[tuple[str, str]]:
    """Yield the setting and the sentence of each that is missing beside the others."""
    given = {"artifacts_url": url, "artifacts_key": key, "artifacts_secret": secret}
    present = [name.upper() for name, value in given.items() if value]
    for name in [name for name, value in given.items() if not value] if key or secret or url else ():
        how = "put it" if name == "artifacts_url" else f"put it, or {name.upper()}_FILE with the path of a file"
        yield name, f"{present[0]} needs {name.upper()}, too: {how}"
