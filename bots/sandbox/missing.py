"""What is raised when the sandbox's optional packages are not installed."""


class SandboxMissing(ImportError):
    """Say which extra to install. An ImportError, so that a caller need not import this package to catch it."""

    def __init__(self) -> None:
        super().__init__("the sandbox gateway needs its extra: pip install 'troubadour[sandbox]'")
