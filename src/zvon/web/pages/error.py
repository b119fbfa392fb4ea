"""What a person sees when something went wrong: what failed, and what to do."""

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from litestar import Response
from litestar.exceptions import HTTPException
from litestar.response import Redirect

from zvon.locale import LANGS, best, translator
from zvon.web.api.inject import AnyRequest
from zvon.web.pages.page import LANG_COOKIE, language, render
from zvon.web.problem import PROBLEM, Problem, problem_of

log = logging.getLogger("zvon.web")


def error_page(request: AnyRequest, problem: Problem, headers: dict[str, str]) -> Response[Any]:
    """A page, or a fragment for a part of a page."""
    if problem.status == HTTPStatus.UNAUTHORIZED and "hx-request" not in request.headers:
        return Redirect(f"/signin?next={quote(request.url.path)}")
    template = "error_part.html" if "hx-request" in request.headers else "error.html"
    # The phrase of the status, which a framework gives as its detail, tells a reader nothing more.
    exact = "" if problem.detail == HTTPStatus(problem.status).phrase else problem.detail
    return render(
        request, template, {"problem": problem, "exact": exact},
        status=problem.status, headers=headers,
    )  # fmt: skip


def wants_page(request: AnyRequest) -> bool:
    """True when a person's browser asked, not a program."""
    if request.url.path.startswith(("/api/", "/peer/")):
        return False
    return "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers


def spoken(request: AnyRequest) -> str:
    """The language of a problem: that of the page for people, else what the program asks for."""
    viewer = request.scope.get("user")
    if wants_page(request) or request.scope.get("auth") == "session":
        return language(request, viewer)
    # The sign-in page asks before there is a session; a key speaks for a program, not its owner.
    kept = request.cookies.get(LANG_COOKIE) if viewer is None else None
    return kept if kept in LANGS else best(request.headers.get("accept-language", ""))


def answer_problem(request: AnyRequest, error: Exception) -> Response[Any]:
    """The exception handler of the whole application."""
    lang = spoken(request)
    problem = problem_of(error, translator(lang))
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
        headers={**headers, "Content-Language": lang},
    )  # fmt: skip
