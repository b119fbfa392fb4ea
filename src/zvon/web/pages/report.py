"""The citizen's pages: hand a message in, read the answer. No account, no script needed."""

from typing import Annotated

from litestar import Response, get, post
from litestar.datastructures import UploadFile
from litestar.enums import RequestEncodingType
from litestar.params import Body, Parameter
from litestar.response import Redirect
from msgspec import Struct

from zvon.collect.submit import submit
from zvon.formats.enclosed import MEDIA_TYPE, enclose
from zvon.locale import LANGS
from zvon.model.report import MAX_REPORT_BYTES, Channel, Door, Lang, ReportIn
from zvon.store import report as reports
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In
from zvon.web.api.reports import MAX_TEXT, receipt_out
from zvon.web.doorkeeper import PUBLIC
from zvon.web.pages.page import language, render

WAIT_S = 2


class Form(Struct):
    """What the form sends: text, or a file, and how the message came."""

    text: str = ""
    channel: str = Channel.UNKNOWN.value
    file: UploadFile | None = None


@get("/report", opt={"permission": PUBLIC}, include_in_schema=False)
async def form(request: AnyRequest) -> Response[str]:
    """The form."""
    return render(request, "report.html", {"problem": None, "text": "", "channel": "unknown"})


@post(
    "/report", opt={"permission": PUBLIC}, include_in_schema=False,
    request_max_body_size=MAX_REPORT_BYTES + 1024 * 1024,
)  # fmt: skip
async def hand_in(
    request: AnyRequest,
    context: In,
    data: Annotated[Form, Body(media_type=RequestEncodingType.MULTI_PART)],
) -> Response[str] | Redirect:
    """Take the report and lead to the receipt; what is missing is said beside the form.

    Words and a file together are one report: the words are the message, or the reporter's remark
    on a mail.
    """
    body = await data.file.read(MAX_REPORT_BYTES + 1) if data.file is not None else b""
    media_type = "text/plain; charset=utf-8"
    if body and data.file is not None:
        named_mail = data.file.filename.lower().endswith(".eml")
        media_type = "message/rfc822" if named_mail else data.file.content_type or media_type
    text = data.text.replace("\0", "").strip()
    if body and text and data.file is not None:
        body, media_type = enclose(text, data.file.filename, media_type, body), MEDIA_TYPE
    elif not body:
        body = text.encode("utf-8", "replace")
    problem = None
    if not body.strip():
        problem = "Paste the message or choose a file first."
    elif len(body) > MAX_REPORT_BYTES or len(data.text) > MAX_TEXT:
        problem = "That is too large."
    if problem:
        values = {"problem": problem, "text": data.text[:MAX_TEXT], "channel": data.channel}
        return render(request, "report.html", values, status=422)
    channel = Channel(data.channel) if data.channel in set(Channel) else Channel.UNKNOWN
    receipt = await submit(
        context.pool,
        ReportIn(
            body=body, media_type=media_type, channel=channel, door=Door.FORM,
            lang=Lang(language(request, None)), received_at=context.clock(),
        ),
        now=context.clock(), random=context.random,
    )  # fmt: skip
    return Redirect(f"/receipt/{receipt.token}", status_code=303)


@get("/receipt/{token:str}", opt={"permission": PUBLIC}, include_in_schema=False)
async def receipt(
    request: AnyRequest, context: In, token: Annotated[str, Parameter(max_length=100)]
) -> Response[str]:
    """The answer; while we are looking, the page asks again by itself."""
    async with read(context.pool, "system") as db:
        view = await reports.by_token(db, token)
    waiting = view.status in {"received", "decoded"}
    asked = request.query_params.get("lang")
    spoken = asked if asked in LANGS else view.lang
    headers = {"Refresh": str(WAIT_S)} if waiting else {}
    return render(
        request, "receipt.html",
        {"receipt": receipt_out(view, spoken), "waiting": waiting},
        headers=headers, speaks=view.lang,
    )  # fmt: skip


HANDLERS = (form, hand_in, receipt)
