"""One shape for everything that goes wrong (RFC 9457), and which error becomes which status."""

import re
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any

from litestar.exceptions import HTTPException, ValidationException
from litestar.openapi.datastructures import ResponseSpec
from msgspec import MsgspecError, Struct
from msgspec.structs import replace
from psycopg import errors as pg
from psycopg_pool import PoolTimeout

from zvon.access.key import BadExpiry, KeyTooStrong, NoSuchKey
from zvon.access.permission import Denied
from zvon.access.session import BadLogin, TooManyAttempts
from zvon.locale import Translator
from zvon.model.lifecycle import IllegalMove

PROBLEM = "application/problem+json"
# A sentence of the catalogue `problem`, for a class of error and for what only has a status.
PREFIX = "PROBLEM_"
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


class Problem(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What was wrong, where, and what to do; `errors` names fields, lines or names.

    `code` is for programs and stays. `title` is for people, in their language (RFC 9457 section
    3.1.4); `detail` is exact and always English.
    """

    status: int
    code: str
    title: str
    detail: str
    errors: list[dict[str, Any]] = []


class SignInNeeded(PermissionError):
    """The route is not public and nobody is signed in."""

    def __init__(self) -> None:
        super().__init__("sign in, or send an API key")


class BadCsrf(PermissionError):
    """An unsafe request of a session came without its token, or from another site."""

    def __init__(self) -> None:
        super().__init__("the page is out of date or the request came from another site; reload")


class BadInput(ValueError):
    """The request is well-formed JSON but means nothing; `errors` says where."""

    def __init__(self, detail: str, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(detail)
        self.errors = errors or []


class TooLarge(ValueError):
    """The body is over the limit of the route."""


# Looked up along the class hierarchy of the error, nearest first.
STATUS: Mapping[type[BaseException], HTTPStatus] = {
    SignInNeeded: HTTPStatus.UNAUTHORIZED,
    BadLogin: HTTPStatus.UNAUTHORIZED,
    TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    Denied: HTTPStatus.FORBIDDEN,
    KeyTooStrong: HTTPStatus.FORBIDDEN,
    PermissionError: HTTPStatus.FORBIDDEN,
    NoSuchKey: HTTPStatus.NOT_FOUND,
    LookupError: HTTPStatus.NOT_FOUND,
    IllegalMove: HTTPStatus.CONFLICT,
    BadExpiry: HTTPStatus.UNPROCESSABLE_ENTITY,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    BadInput: HTTPStatus.UNPROCESSABLE_ENTITY,
    UnicodeError: HTTPStatus.BAD_REQUEST,
    RecursionError: HTTPStatus.BAD_REQUEST,
    MsgspecError: HTTPStatus.INTERNAL_SERVER_ERROR,  # of a stored value: bodies have their own
    pg.DataError: HTTPStatus.BAD_REQUEST,
    ConnectionError: HTTPStatus.BAD_GATEWAY,
    TimeoutError: HTTPStatus.GATEWAY_TIMEOUT,
    PoolTimeout: HTTPStatus.SERVICE_UNAVAILABLE,
    pg.OperationalError: HTTPStatus.SERVICE_UNAVAILABLE,
}
# Errors of the domain that are no conflict of form but of state; named, so that the layers below
# need not know HTTP.
_BY_NAME = {
    "Stale": HTTPStatus.CONFLICT,
    "AlreadyBlocked": HTTPStatus.CONFLICT,
    "AlreadySubscribed": HTTPStatus.CONFLICT,
    "FeedTaken": HTTPStatus.CONFLICT,
    "FeedInUse": HTTPStatus.CONFLICT,
    "Frozen": HTTPStatus.CONFLICT,
    "NotFrozen": HTTPStatus.CONFLICT,
    "AskedAlready": HTTPStatus.CONFLICT,
    "Answered": HTTPStatus.CONFLICT,
    "NeedsSecond": HTTPStatus.CONFLICT,
    "StillBlocked": HTTPStatus.CONFLICT,
    "ExhibitHeld": HTTPStatus.CONFLICT,
    "ExhibitGone": HTTPStatus.GONE,
    "LoginTaken": HTTPStatus.CONFLICT,
    "SourceTaken": HTTPStatus.CONFLICT,
    "CollectorTaken": HTTPStatus.CONFLICT,
    "MissingBatch": HTTPStatus.CONFLICT,
    "SourceHeld": HTTPStatus.CONFLICT,
    "HeldBack": HTTPStatus.CONFLICT,
    "DecidedAppeal": HTTPStatus.CONFLICT,
    "EndedHold": HTTPStatus.CONFLICT,
    "NotWaiting": HTTPStatus.CONFLICT,
    "StoppedPlaybook": HTTPStatus.CONFLICT,
    "NotInStep": HTTPStatus.CONFLICT,
    "NotInState": HTTPStatus.CONFLICT,
    "StaysInside": HTTPStatus.CONFLICT,
    "NeedsJustification": HTTPStatus.CONFLICT,
    "NotInForce": HTTPStatus.CONFLICT,
    "NotOpenQuestion": HTTPStatus.CONFLICT,
    "DestroyedEpoch": HTTPStatus.CONFLICT,
    "StillHeld": HTTPStatus.CONFLICT,
    "NeedsApproval": HTTPStatus.CONFLICT,
    "NoApprovalNeeded": HTTPStatus.CONFLICT,
    "StillOpen": HTTPStatus.CONFLICT,
    "ReviewOver": HTTPStatus.CONFLICT,
    "HandoverOver": HTTPStatus.CONFLICT,
    "TalkOver": HTTPStatus.CONFLICT,
    "NotShared": HTTPStatus.CONFLICT,
    "NothingToReview": HTTPStatus.CONFLICT,
    "PdfUnavailable": HTTPStatus.CONFLICT,
    "BudgetSpent": HTTPStatus.CONFLICT,
    "NotLast": HTTPStatus.CONFLICT,
    "NameTaken": HTTPStatus.CONFLICT,
    "CannotReport": HTTPStatus.CONFLICT,
    "VersionTaken": HTTPStatus.CONFLICT,
    "ContactTaken": HTTPStatus.CONFLICT,
    "StaleBulk": HTTPStatus.CONFLICT,
    "TooOld": HTTPStatus.GONE,
    "ListMoves": HTTPStatus.SERVICE_UNAVAILABLE,
    "RoleHeld": HTTPStatus.CONFLICT,
    "Decided": HTTPStatus.CONFLICT,
    "IdentityTaken": HTTPStatus.CONFLICT,
    "PasskeyKnown": HTTPStatus.CONFLICT,
    "BadToken": HTTPStatus.UNAUTHORIZED,
    "TooOften": HTTPStatus.TOO_MANY_REQUESTS,
    "GuardRefused": HTTPStatus.UNPROCESSABLE_ENTITY,
    "GuardNotReady": HTTPStatus.SERVICE_UNAVAILABLE,
}


def status_of(error: BaseException) -> HTTPStatus:
    """The status that an error becomes."""
    for kind in type(error).__mro__:
        if kind in STATUS:
            return STATUS[kind]
        if kind.__name__ in _BY_NAME:
            return _BY_NAME[kind.__name__]
    if isinstance(error, ValueError):
        return HTTPStatus.UNPROCESSABLE_ENTITY
    return HTTPStatus.INTERNAL_SERVER_ERROR


def problem_of(error: BaseException, speak: Translator) -> Problem:
    """The problem that an error becomes; an unexpected one tells nothing of itself."""
    if isinstance(error, ValidationException):
        extra = error.extra if isinstance(error.extra, list) else []
        errors = [{str(k): str(v) for k, v in e.items()} for e in extra if isinstance(e, dict)]
        return plain(HTTPStatus.BAD_REQUEST, "the request does not fit", speak, errors)
    if isinstance(error, HTTPException):
        status = HTTPStatus(error.status_code)
        detail = error.detail if status < HTTPStatus.INTERNAL_SERVER_ERROR else "try again later"
        return plain(status, detail, speak)
    status = status_of(error)
    ours = list(_ours(error))
    if status is HTTPStatus.INTERNAL_SERVER_ERROR:
        return plain(status, "an error of ours; it was logged", speak)
    if status is HTTPStatus.SERVICE_UNAVAILABLE and not ours:
        return plain(status, "the database is away", speak)
    if isinstance(error, pg.DataError):  # its own words are about our columns
        return plain(
            status,
            "a value cannot be stored: a NUL character, or a number that is too large",
            speak,
        )
    if isinstance(error, RecursionError):
        return plain(status, "the body is nested too deeply", speak)
    findings = getattr(error, "findings", None)
    errors = getattr(error, "errors", None) or [
        {"rule": f.rule, "name": f.name, "reason": f.reason} for f in (findings or ())
    ]
    detail = str(error.args[0]) if isinstance(error, LookupError) and error.args else str(error)
    made = plain(status, detail, speak, errors[:20])
    said = [name for name in ours if PREFIX + name in speak]
    return replace(
        made,
        code=_WORD.sub("_", ours[0]).lower() if ours else made.code,
        title=speak.text(PREFIX + said[0]) if said else made.title,
    )


def plain(
    status: HTTPStatus,
    detail: str,
    speak: Translator,
    errors: list[dict[str, Any]] | None = None,
) -> Problem:
    """A problem of which only the status says what kind it is."""
    msgid = f"{PREFIX}{int(status)}"
    title = speak.text(msgid) if msgid in speak else status.phrase
    return Problem(
        status=int(status), code=f"http_{int(status)}", title=title, detail=detail,
        errors=errors or [],
    )  # fmt: skip


def _ours(error: BaseException) -> Iterator[str]:
    """The names of our own classes that the error is of, nearest first."""
    for kind in type(error).__mro__:
        if kind.__module__.startswith("zvon.") and not kind.__name__.startswith("_"):
            yield kind.__name__


def problems(*codes: int) -> dict[int, ResponseSpec]:
    """The problem answers of a route, for its documentation; 400, 413 and 503 go without saying."""
    return {
        code: ResponseSpec(Problem, description=HTTPStatus(code).phrase, media_type=PROBLEM,
                           generate_examples=False)
        for code in sorted({400, 413, 503, *codes})
    }  # fmt: skip


SIGNED = (401, 403)
