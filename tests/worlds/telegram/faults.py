"""Faults on demand."""

import asyncio
from dataclasses import dataclass, field
from typing import Any, Self


@dataclass(slots=True)
class Fault:
    """A response other than success; without a status the call takes effect, but late or without a response."""

    status: int = 0
    description: str = ""
    parameters: dict[str, Any] = field(default_factory=dict)
    drop: str = ""
    """"before" the effect or "after" it: the connection breaks without a response."""
    hold: asyncio.Event | None = None
    """The effect happens at once, the response waits for this."""
    body: str = ""
    """Sent as HTML in place of JSON, as by the proxy in front of the server."""

    @classmethod
    def flood(cls, retry_after_s: int) -> Self:
        return cls(429, f"Too Many Requests: retry after {retry_after_s}", {"retry_after": retry_after_s})

    @classmethod
    def kicked(cls) -> Self:
        return cls(403, "Forbidden: bot was kicked from the group chat")

    @classmethod
    def blocked(cls) -> Self:
        return cls(403, "Forbidden: bot was blocked by the user")

    @classmethod
    def too_large(cls) -> Self:
        return cls(413, "Request Entity Too Large")

    @classmethod
    def bad_request(cls, description: str) -> Self:
        return cls(400, f"Bad Request: {description}")

    @classmethod
    def chat_not_found(cls) -> Self:
        return cls.bad_request("chat not found")

    @classmethod
    def no_voice_rights(cls) -> Self:
        return cls.bad_request("not enough rights to send voice messages to the chat")

    @classmethod
    def voice_forbidden(cls) -> Self:
        return cls.bad_request("VOICE_MESSAGES_FORBIDDEN")

    @classmethod
    def unauthorized(cls) -> Self:
        return cls(401, "Unauthorized")

    @classmethod
    def conflict(cls) -> Self:
        why = "terminated by other getUpdates request; make sure that only one bot instance is running"
        return cls(409, f"Conflict: {why}")

    @classmethod
    def server_error(cls, status: int = 500) -> Self:
        return cls(status, "Internal Server Error" if status == 500 else "Bad Gateway")

    @classmethod
    def drop_before(cls) -> Self:
        return cls(drop="before")

    @classmethod
    def drop_after(cls) -> Self:
        return cls(drop="after")

    @classmethod
    def slow(cls, until: asyncio.Event) -> Self:
        return cls(hold=until)


class ApiError(Exception):
    """An error of the server itself."""

    def __init__(self, description: str, status: int = 400, **parameters: Any) -> None:
        super().__init__(description)
        prefix = {400: "Bad Request: ", 403: "Forbidden: "}.get(status, "")
        self.fault = Fault(status, prefix + description, parameters)
