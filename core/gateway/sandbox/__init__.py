"""The gateway of the contract on this machine: simulated audio, no key, no charge. Needs the `sandbox` extra."""

from core.gateway.sandbox.config import SandboxConfig
from core.gateway.sandbox.faults import FAULTS
from core.gateway.sandbox.jobs import Job
from core.gateway.sandbox.missing import SandboxMissing
from core.gateway.sandbox.server import MediaRequest, Sandbox

__all__ = ["FAULTS", "Job", "MediaRequest", "Sandbox", "SandboxConfig", "SandboxMissing"]
