"""The platforms' published schemas and their validators, if they lie beside the checkout."""

from pathlib import Path

SHARED = Path(__file__).resolve().parents[3] / "shared"


def pair(validator: str, schema: str) -> tuple[Path, Path] | None:
    """Return the paths of a validator and its schema, or None where there are none."""
    found = SHARED / "conformance" / validator, SHARED / "specs" / schema
    return found if all(path.exists() for path in found) else None
