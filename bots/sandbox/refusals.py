"""Error responses: one JSON format, and one row for each status code."""

from collections.abc import Mapping

from aiohttp import web

REASONS: Mapping[int, tuple[str, str]] = {
    400: ("Bad Request", "The request is not valid."),
    401: ("Unauthorized", "Access denied due to a missing or invalid subscription key."),
    402: ("Insufficient Balance", "Your wallet does not have enough balance."),
    403: ("Forbidden", "Your subscription does not include this model."),
    404: ("Not found", "There is nothing at this address."),
    405: ("Method Not Allowed", "This address does not take that method."),
    413: ("Payload Too Large", "The request is too large."),
    429: ("Too Many Requests", "Too many requests. Try again later."),
    500: ("Internal Server Error", "Something went wrong."),
}
"""Status code -> error and message; 402 is worded as documented."""

PAGE = "<!doctype html><title>Gateway</title><p>This is not the answer that you are looking for."


class Refused(Exception):
    """Ends a request with a status code; error and message default to REASONS."""

    def __init__(self, status: int, message: str | None = None, error: str | None = None) -> None:
        self.status = status
        self.error = error or REASONS[status][0]
        self.message = message or REASONS[status][1]
        super().__init__(f"{status} {self.error}: {self.message}")


def answer(refused: Refused) -> web.Response:
    """Return a refusal as a JSON response."""
    headers = {"Retry-After": "1"} if refused.status == 429 else None
    return web.json_response(
        {"error": refused.error, "message": refused.message}, status=refused.status, headers=headers
    )


def page() -> web.Response:
    """Return an HTML page, as a proxy in front of the gateway might."""
    return web.Response(text=PAGE, content_type="text/html")
