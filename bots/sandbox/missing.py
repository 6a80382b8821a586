"""The error raised when the sandbox's optional packages are not installed."""


class SandboxMissing(ImportError):
    """The `sandbox` extra is not installed. An ImportError, so that callers can catch it without importing this."""

    def __init__(self) -> None:
        super().__init__("the sandbox gateway needs its extra: pip install 'troubadour[sandbox]'")
