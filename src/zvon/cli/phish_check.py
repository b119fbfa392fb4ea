"""`zvon phish check`: the verdict on one address, text or file, without a server."""

import asyncio
import sys
from mimetypes import guess_type
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import App, Parameter

from zvon.config import Settings
from zvon.model.report import MAX_REPORT_BYTES, Channel, Lang

if TYPE_CHECKING:
    from datetime import datetime

    from zvon.assess.judge import Opinion
    from zvon.model.report import Message

app = App(
    name="check", help="The verdict on an address, a text or a file.", help_format="plaintext"
)

DONE, NOT_READ, BAD_INPUT = 0, 1, 2
_TYPES = {".eml": "message/rfc822", ".txt": "text/plain", ".html": "text/html", ".htm": "text/html",
          ".msg": "application/vnd.ms-outlook"}  # fmt: skip
PLAIN = "text/plain; charset=utf-8"


@app.default
def check(
    what: Annotated[
        str,
        Parameter(
            help="An address, a file (mail, text, picture, PDF, archive), or `-` for the input.",
            allow_leading_hyphen=True,
        ),
    ],
    /,
    *,
    channel: Annotated[Channel, Parameter(help="How the message came.")] = Channel.UNKNOWN,
    lang: Annotated[Lang | None, Parameter(help="Language of what is printed.")] = None,
    online: Annotated[
        bool, Parameter(help="Also ask DNS and RDAP and look at the pages.", negative=())
    ] = False,
    json: Annotated[bool, Parameter(help="Print the verdict as JSON.", negative=())] = False,
) -> int:
    """Say what something is, why, and what should be done about it.

    Needs no node, no database and, without --online, no network; then the same input always
    prints the same. Exit code 0 when there is a verdict, 1 when nothing could be read in it, 2
    when the input is bad.
    """
    from datetime import UTC, datetime

    from zvon.cli import phish_check_text
    from zvon.formats.limit import Undecodable

    try:
        body, media_type = _input(what)
    except (ValueError, OSError) as problem:
        return _failed(str(problem), BAD_INPUT)
    now = datetime.now(UTC)
    settings = Settings()
    try:
        message, opinion = asyncio.run(
            _judged(body, media_type, channel, settings if online else None, now)
        )
    except Undecodable as problem:
        return _failed(f"{problem.position}: {problem.reason}", NOT_READ)
    speaking = lang.value if lang else settings.lang
    form = phish_check_text.as_json if json else phish_check_text.as_text
    sys.stdout.write(form(message, opinion, speaking, online=online) + "\n")
    return DONE


async def _judged(
    body: bytes, media_type: str, channel: Channel, online: Settings | None, now: "datetime"
) -> "tuple[Message, Opinion]":
    from zvon.assess.judge import judge
    from zvon.assess.shipped import shipped
    from zvon.collect.reading import read_any

    message = await read_any(body, media_type, channel)
    assessor = shipped()
    if online is None:
        return message, judge(assessor, message, now)
    from zvon.collect.survey import survey

    found = await survey(online, message, now)
    return message, judge(assessor, message, now, found.evidence, found.captures)


def _input(what: str) -> tuple[bytes, str]:
    """The bytes and their type. Raises `ValueError` or `OSError`, each with a sentence."""
    if what == "-":
        body, kind = sys.stdin.buffer.read(MAX_REPORT_BYTES + 1), PLAIN
    elif _is_file(what):
        path = Path(what)
        kind = _TYPES.get(path.suffix.lower()) or guess_type(what)[0] or "application/octet-stream"
        with path.open("rb") as opened:
            body = opened.read(MAX_REPORT_BYTES + 1)
    else:
        body, kind = what.encode("utf-8", "replace"), PLAIN
    if not body.strip():
        raise ValueError("there is nothing in it")
    if len(body) > MAX_REPORT_BYTES:
        raise ValueError(f"a report has at most {MAX_REPORT_BYTES // 2**20} MB")
    return body, kind


def _is_file(what: str) -> bool:
    """True for an existing file. Raises `ValueError` for what is neither that nor an address."""
    from zvon.formats.defang import refang
    from zvon.model.url import BadUrl, parse

    try:
        path = Path(what)
        if path.is_file():
            return True
        if path.is_dir():
            raise ValueError(f"{what} is a folder")
    except OSError:  # longer than a file name may be
        pass
    try:
        found = parse(refang(what).strip())
    except BadUrl:
        found = None
    if (
        found is None
        or " " in what.strip()
        or (found.host_kind == "name" and "." not in found.host)
    ):
        raise ValueError(f"{what!r} is neither a file nor an address")
    return False


def _failed(reason: str, code: int) -> int:
    print(f"zvon: {reason}", file=sys.stderr)
    return code
