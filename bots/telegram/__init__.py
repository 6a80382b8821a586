"""Telegram: the only package that imports the Bot API library."""

import os

# The library's next major version measures time in timedelta; until then it warns whoever has not said so.
os.environ.setdefault("PTB_TIMEDELTA", "1")

from bots.telegram.platform import Telegram

__all__ = ["Telegram"]
