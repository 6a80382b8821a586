"""What JSON objects are in types."""

from typing import Any

JSON = dict[str, Any]
