"""Style sheets, scripts and the languages' switch."""

from importlib.resources import files
from typing import Annotated

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.enums import RequestEncodingType
from litestar.exceptions import NotFoundException
from litestar.params import Body
from litestar.response import Redirect
from msgspec import Struct

from zvon.access import person as people
from zvon.locale import LANGS
from zvon.store.transaction import transaction
from zvon.web.api.inject import AnyRequest, In, MaybeWho
from zvon.web.doorkeeper import PUBLIC, check_origin
from zvon.web.pages.page import LANG_COOKIE, THEME_COOKIE, THEMES, YEAR_S

TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
}


class Preferences(Struct, frozen=True):
    """What a visitor chose; an empty field stays as it was."""

    lang: str = ""
    theme: str = ""
    keys: str = ""
    back: str = "/"


@get("/static/{path:path}", opt={"permission": PUBLIC}, include_in_schema=False)
async def static(path: str) -> Response[bytes]:
    """A file of the package; the address holds its hash, so it may be kept for long."""
    parts = path.strip("/").split("/")
    suffix = "." + parts[-1].rpartition(".")[2]
    if suffix not in TYPES or any(p in {"", ".", ".."} or p.startswith(".") for p in parts):
        raise NotFoundException("no such file")
    found = (files("zvon.web") / "static").joinpath(*parts)
    if not found.is_file():
        raise NotFoundException("no such file")
    return Response(
        found.read_bytes(),
        media_type=TYPES[suffix],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


@get("/favicon.ico", opt={"permission": PUBLIC}, include_in_schema=False)
async def favicon() -> Redirect:
    """The bell."""
    return Redirect("/static/bell.svg")


@post("/preferences", opt={"permission": PUBLIC}, include_in_schema=False, status_code=303)
async def prefer(
    request: AnyRequest,
    context: In,
    maybe_who: MaybeWho,
    data: Annotated[Preferences, Body(media_type=RequestEncodingType.URL_ENCODED)],
) -> Redirect:
    """Keep language, theme and single keys: with the person, or in a cookie before sign-in."""
    check_origin(request)
    cookies = []
    lang = data.lang if data.lang in LANGS else ""
    theme = data.theme if data.theme in THEMES else ""
    if lang:
        cookies.append(
            Cookie(key=LANG_COOKIE, value=lang, max_age=YEAR_S, path="/", samesite="lax")
        )
    if theme:
        cookies.append(
            Cookie(key=THEME_COOKIE, value=theme, max_age=YEAR_S, path="/", samesite="lax")
        )
    if maybe_who is not None:
        async with transaction(context.pool, context.clock()) as tx:
            await people.set_preferences(
                tx, maybe_who, lang=lang or maybe_who.lang, theme=theme or maybe_who.theme,
                keys_on={"on": True, "off": False}.get(data.keys, maybe_who.keys_on),
            )  # fmt: skip
    return Redirect(own_path(data.back), status_code=303, cookies=cookies)


def own_path(text: str) -> str:
    """`text` when it is a path of this site, else the start page."""
    own = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if own and text.isprintable() else "/"


HANDLERS = (static, favicon, prefer)
