"""`python -m bots`, the console script `troubadour`."""

import asyncio
import errno
import os
import sys
from collections.abc import Sequence

from bots.cli.commands import COMMANDS
from bots.cli.parser import parser
from core.domain.errors import ConfigurationError, StoreError
from core.files.private import UMASK

OUTPUT = frozenset({errno.EPIPE, errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
"""What goes wrong with where the output goes."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return its exit status."""
    options = parser().parse_args(arguments)
    os.umask(UMASK)
    try:
        status = asyncio.run(COMMANDS[options.command](options))
        if sys.stdout:
            sys.stdout.flush()
    except (ConfigurationError, StoreError) as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except OSError as error:
        if error.errno not in OUTPUT or error.filename is not None:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or else the interpreter complains at its end
        if error.errno != errno.EPIPE:  # somebody reads only the beginning, as `| head` does
            print(f"The output can't be written: {error.strerror}.", file=sys.stderr)
        return 2
    return status


if __name__ == "__main__":
    sys.exit(main())
