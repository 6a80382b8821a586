"""The platforms' published schemas with their validators, where they lie beside the checkout."""

from pathlib import Path

SHARED = Path(__file__).resolve().parents[3] / "shared"


def pair(validator: str, schema: str) -> tuple[Path, Path] | None:
    """Return where a validator and its schema are, or None where requests can't be compared with them."""
    found = SHARED / "conformance" / validator, SHARED / "specs" / schema
    return found if all(path.exists() for path in found) else None
