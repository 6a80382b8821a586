"""The Telegram adapter: the only package that imports python-telegram-bot."""

import os

# Opt in to timedelta, which the library's next major version requires; without this it warns.
os.environ.setdefault("PTB_TIMEDELTA", "1")

from bots.telegram.platform import Telegram

__all__ = ["Telegram"]
