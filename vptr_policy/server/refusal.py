"""What the server answers in place of an action, and with which status."""

from typing import Mapping, Optional

from starlette.responses import JSONResponse


class Refusal(Exception):
    """A request that is not answered with an action; the text is for the client."""

    def __init__(self, status: int, detail: str, retry_after_s: Optional[int] = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.retry_after_s = retry_after_s

    def response(self, headers: Optional[Mapping[str, str]] = None) -> JSONResponse:
        """The HTTP answer, with ``headers`` besides its own."""
        again = {} if self.retry_after_s is None else {"Retry-After": str(self.retry_after_s)}
        return JSONResponse({"detail": self.detail}, self.status, headers={**again, **(headers or {})})


def bad_request(error: Exception) -> Refusal:
    """The client's message was wrong, as ``error`` says."""
    return Refusal(400, str(error))


def busy(limit: int, what: str) -> Refusal:
    """So many are being served that another one would only wait; ``what`` they are and do."""
    return Refusal(503, f"{limit} {what}, which is the limit: try again in a second", 1)


def leaving() -> Refusal:
    """The server was told to end."""
    return Refusal(503, "the server is shutting down: try again when it has been started again", 5)
