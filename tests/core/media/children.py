"""The processes of media tools, as the tests see them."""

import os

from core.media.media import Media


def pids(media: Media) -> set[int]:
    return {child.pid for child in media._pool._alive}


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
