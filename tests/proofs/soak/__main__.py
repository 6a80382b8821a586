"""`python -m tests.proofs.soak`: thousands of audios to a hundred chats while sends fail; nothing may grow."""

import argparse
import asyncio
import sys

from tests.e2e.children import PROGRAM
from tests.proofs.soak.soak import Outcome, Plan, soak

LEAKY = "tests.proofs.soak.leaky"


def summary(outcome: Outcome) -> str:
    """Print the result in a few lines."""
    met = ", ".join(f"{count} {what}" for what, count in sorted(outcome.met.items()))
    lines = [
        (
            f"{outcome.delivered} audios in {outcome.took_s:.0f} s; {outcome.asked_again} times asked to be sent again, "
            f"{outcome.unacknowledged} not acknowledged"
        ),
        f"faults: {met}",
        f"before: {outcome.before}",
        f"after:  {outcome.after}",
        *outcome.wrong[:20],
    ]
    return "\n".join(lines)


def main() -> int:
    """Run the soak; return 1 if anything is wrong."""
    options = argparse.ArgumentParser(prog="python -m tests.proofs.soak", description=__doc__)
    options.add_argument("--audios", type=int, default=3000)
    options.add_argument("--chats", type=int, default=100)
    options.add_argument("--leak", action="store_true", help="call Telegram as was done once: it must end badly")
    given = options.parse_args()
    outcome = asyncio.run(soak(Plan(chats=given.chats, audios=given.audios, program=LEAKY if given.leak else PROGRAM)))
    print(summary(outcome))  # noqa: T201
    return 1 if outcome.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
