"""A local stand-in for the gateway, with simulated audio and no charges. Needs the `sandbox` extra."""

from bots.sandbox.config import SandboxConfig
from bots.sandbox.faults import FAULTS
from bots.sandbox.jobs import Job
from bots.sandbox.missing import SandboxMissing
from bots.sandbox.server import MediaRequest, Sandbox

__all__ = ["FAULTS", "Job", "MediaRequest", "Sandbox", "SandboxConfig", "SandboxMissing"]
