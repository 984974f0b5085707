"""The errors that routes declare, so that the API's description tells the whole truth."""

from typing import Any

from app.schemas.problem import Problem

Responses = dict[int | str, dict[str, Any]]

# What any route may answer.
COMMON: Responses = {
    400: {"model": Problem, "description": "The request cannot be read"},
    413: {"model": Problem, "description": "The body is too large"},
    422: {"model": Problem, "description": "The request is not valid"},
    500: {"model": Problem, "description": "Something went wrong; the log knows what"},
    503: {"model": Problem, "description": "Temporarily unavailable, see Retry-After"},
}
UNAUTHORIZED: Responses = {401: {"model": Problem, "description": "Not authenticated"}}
FORBIDDEN: Responses = {403: {"model": Problem, "description": "Not allowed"}}
NOT_FOUND: Responses = {404: {"model": Problem, "description": "No such thing"}}
CONFLICT: Responses = {409: {"model": Problem, "description": "Contradicts what is stored"}}
STALE: Responses = {412: {"model": Problem, "description": "Changed since it was read"}}
TOO_MANY: Responses = {429: {"model": Problem, "description": "Too many attempts"}}
