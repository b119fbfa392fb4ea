"""What a person sees when something went wrong: what failed, and what to do."""

from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.response import Redirect

from zvon.web.api.inject import AnyRequest
from zvon.web.pages.page import render
from zvon.web.problem import Problem

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
