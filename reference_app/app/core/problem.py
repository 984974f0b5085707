"""RFC 9457 problem details: the one shape in which the app answers that something went wrong."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi.responses import JSONResponse

from app.core.logging import request_id_var

PROBLEM_JSON = "application/problem+json"


class ProblemResponse(JSONResponse):
    """A JSON response that says that it is a problem."""

    media_type = PROBLEM_JSON


def problem(
    status: int,
    detail: str,
    headers: Mapping[str, str] | None = None,
    errors: Sequence[Mapping[str, object]] = (),
) -> ProblemResponse:
    """Build the answer. `about:blank` means: the status says what kind of problem it is."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "request_id": request_id_var.get(),
        "errors": list(errors),
    }
    return ProblemResponse(body, status_code=status, headers=headers)
