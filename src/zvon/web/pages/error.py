"""What a person sees when something went wrong: what failed, and what to do."""

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from zvon.web.api.inject import AnyRequest
from zvon.web.pages.page import render
from zvon.web.problem import PROBLEM, Problem, problem_of

log = logging.getLogger("zvon.web")

# The sentence of each status is in the catalogue.
SENTENCES = {
    HTTPStatus.BAD_REQUEST: "The request could not be read.",
    HTTPStatus.UNAUTHORIZED: "Please sign in.",
    HTTPStatus.FORBIDDEN: "You may not do this.",
    HTTPStatus.NOT_FOUND: "There is nothing here, or it is not for you.",
    HTTPStatus.METHOD_NOT_ALLOWED: "This address does not take that.",
    HTTPStatus.CONFLICT: "Somebody was faster; look at it again.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "That is too large.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "That does not fit.",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many attempts; wait a few minutes.",
    HTTPStatus.INTERNAL_SERVER_ERROR: "An error of ours. It was written down.",
    HTTPStatus.SERVICE_UNAVAILABLE: "The database is away. Nothing is lost; try again soon.",
}


def error_page(request: AnyRequest, problem: Problem, headers: dict[str, str]) -> Response[Any]:
    """A page, or a fragment for a part of a page."""
    if problem.status == HTTPStatus.UNAUTHORIZED and "hx-request" not in request.headers:
        return Redirect(f"/signin?next={quote(request.url.path)}")
    known = SENTENCES.get(HTTPStatus(problem.status), "Something went wrong.")
    template = "error_part.html" if "hx-request" in request.headers else "error.html"
    return render(
        request, template, {"problem": problem, "sentence_id": known},
        status=problem.status, headers=headers,
    )  # fmt: skip


def wants_page(request: AnyRequest) -> bool:
    """True when a person's browser asked, not a program."""
    if request.url.path.startswith(("/api/", "/peer/")):
        return False
    return "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers


def answer_problem(request: AnyRequest, error: Exception) -> Response[Any]:
    """The exception handler of the whole application."""
    problem = problem_of(error)
    if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        log.error("%s %s", request.method, request.url.path, exc_info=error)
    headers = {"Cache-Control": "no-store"}
    if problem.status == HTTPStatus.UNAUTHORIZED:
        headers["WWW-Authenticate"] = 'Bearer realm="zvon"'
    if isinstance(error, HTTPException) and error.headers:
        headers |= {k: v for k, v in error.headers.items() if k.lower() == "allow"}
    if wants_page(request):
        return error_page(request, problem, headers)
    return Response(
        problem, status_code=problem.status, media_type=PROBLEM,
        headers=headers,
    )  # fmt: skip
