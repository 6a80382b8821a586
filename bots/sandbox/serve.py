"""`troubadour sandbox`: a local gateway for development, with faults on demand."""

import asyncio
import signal
import sys

from core.domain.errors import ConfigurationError

LIST = "list"
QUEUED_SHARE = 0.2
"""The share of a job's time that it spends in the queue."""
LONGEST_S = 86_400
LAST_PORT = 65_535

WELCOME = """\
Gateway: {url}   (set GATEWAY_URL to this; audio is simulated, nothing is charged)
Key:     {key}

  curl -s {url}{endpoint} \\
    -H 'Ocp-Apim-Subscription-Key: {example_key}' -H 'Content-Type: application/json' \\
    -d '{{"text": "Hello everyone", "voice": "Aria"}}'
  curl -s -H 'Ocp-Apim-Subscription-Key: {example_key}' {url}/v2/requests/status/REQUEST_ID

{faults}
Ctrl-C ends."""
MARKERS = "A text or prompt with [[fault:failed]] in it fails like that; `--fault list` lists the faults."
EVERY = "Every request: {meaning}. A marker such as [[fault:failed]] in a text goes before that."


async def serve_sandbox(host: str, port: int, *, fault: str | None, key: str | None, seconds: float) -> int:
    """Serve until SIGINT or SIGTERM, or list the faults if `fault` is "list". Raises ConfigurationError.

    `key`: None accepts any. `seconds`: how long a job takes.
    """
    try:
        from bots.sandbox import FAULTS, Sandbox, SandboxConfig  # noqa: PLC0415 - needs the extra
        from bots.sandbox.products import PRODUCTS  # noqa: PLC0415 - needs the extra
    except ImportError as error:
        raise ConfigurationError(str(error)) from error
    if fault == LIST:
        _say("\n".join(f"{name:<20} {meaning}" for name, meaning in FAULTS.items()))
        return 0
    if fault is not None and fault not in FAULTS:
        raise ConfigurationError(f"There is no fault {fault!r}. There are: {', '.join(FAULTS)}.")
    _check(port, seconds)
    queued_s = seconds * QUEUED_SHARE
    sandbox = Sandbox(
        SandboxConfig(host=host, port=port, key=key, queued_s=queued_s, processing_s=seconds - queued_s, fault=fault)
    )
    stop = _stop_signal()
    try:
        await sandbox.start()
        _say(
            WELCOME.format(
                url=sandbox.url,
                endpoint=PRODUCTS["speech"].endpoint,
                key=key or "any that is not empty",
                example_key=key or "test",
                faults=EVERY.format(meaning=FAULTS[fault]) if fault else MARKERS,
            )
        )
        await stop.wait()
    except OSError as error:
        raise ConfigurationError(f"The sandbox can't listen on {host}, port {port}: {error.strerror}.") from error
    finally:
        await sandbox.stop()
    return 0


def _check(port: int, seconds: float) -> None:
    if not 0 <= port <= LAST_PORT:
        raise ConfigurationError(f"--port must be from 0 to {LAST_PORT}; 0 takes any free one.")
    if not 0 <= seconds <= LONGEST_S:
        raise ConfigurationError(f"--seconds must be from 0 to {LONGEST_S}.")


def _stop_signal() -> asyncio.Event:
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    return stop


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
