"""How every page is made: the templates, the language, the theme, and who is signed in."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote
from uuid import UUID

from jinja2 import Environment, PackageLoader, StrictUndefined
from litestar import Response
from litestar.datastructures import Cookie
from markupsafe import Markup

from zvon.access.viewer import Viewer
from zvon.jobs import Context
from zvon.locale import LANGS, Translator, best, run_error, translator
from zvon.locale.sentence import sentence
from zvon.model import name as names
from zvon.model import url as urls
from zvon.web.api.inject import AnyRequest
from zvon.web.pages.words import count, menu, role_word, tlp_label, words

LANG_COOKIE = "zvon_lang"
THEME_COOKIE = "zvon_theme"
THEMES = ("system", "light", "dark")
YEAR_S = 365 * 24 * 3600


@cache
def environment() -> Environment:
    """The templates; everything is escaped, and an unknown variable is an error."""
    made = Environment(
        loader=PackageLoader("zvon.web", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals["asset"] = asset
    made.filters["defang"] = defanged
    made.filters["role_word"] = role_word
    return made


@cache
def asset(name: str) -> str:
    """The address of a static file; its hash makes caches notice a change."""
    data = (files("zvon.web") / "static").joinpath(*name.split("/")).read_bytes()
    return f"/static/{name}?{hashlib.sha256(data).hexdigest()[:12]}"


def defanged(text: str) -> str:
    """A name or address that cannot be opened by accident."""
    try:
        return urls.defang(text) if "/" in text or ":" in text else names.defang(text)
    except ValueError:
        return text.replace("://", "[:]//").replace(".", "[.]")


def language(request: AnyRequest, viewer: Viewer | None) -> str:
    """Of the page: what the address asks for, the person, the cookie, the browser, the node."""
    asked = request.query_params.get("lang")
    if asked in LANGS:
        return str(asked)
    if viewer is not None and viewer.lang in LANGS:
        return viewer.lang
    kept = request.cookies.get(LANG_COOKIE)
    if kept in LANGS:
        return str(kept)
    context: Context = request.app.state.context
    return best(request.headers.get("accept-language", ""), context.settings.lang)


def theme(request: AnyRequest, viewer: Viewer | None) -> str:
    """`system`, `light` or `dark`: of the person, else of the cookie."""
    kept = viewer.theme if viewer is not None else request.cookies.get(THEME_COOKIE)
    return kept if kept in THEMES else "system"


def render(
    request: AnyRequest,
    template: str,
    values: Mapping[str, Any] | None = None,
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    cookies: list[Cookie] | None = None,
    speaks: str | None = None,
    remember: bool = True,
) -> Response[str]:
    """Make the page of `template` for this request.

    `speaks` is the language of what the page is about; only one that the address asks for wins.
    Without `remember` no cookie is set: the language stays in the address.
    """
    context: Context = request.app.state.context
    viewer: Viewer | None = request.scope.get("user")
    asked = request.query_params.get("lang") in LANGS
    lang = speaks if speaks in LANGS and not asked else language(request, viewer)
    speak = translator(lang)
    kept = list(cookies or [])
    if asked and remember:
        kept.append(Cookie(key=LANG_COOKIE, value=lang, max_age=YEAR_S, path="/", samesite="lax"))
    body = (
        environment()
        .get_template(template)
        .render(
            _=speak.text,
            ngettext=speak.plural,
            speak=speak,
            say=lambda code, params=None: sentence(speak, code, params),
            run_error=lambda error: run_error.explain(speak, error),
            lang=lang,
            langs=LANGS,
            theme=theme(request, viewer),
            viewer=viewer,
            node=context.node,
            now=context.clock(),
            here=request.url.path,
            lang_link=lambda to: _with_lang(request, to),
            ago=lambda at: ago(speak, context.clock(), at),
            span_text=lambda seconds: span(speak, seconds),
            menu=menu(speak, viewer),
            tlp_label=tlp_label,
            record_link=record_link,
            count=count,
            **words(speak),
            **(values or {}),
        )
    )
    return Response(
        body,
        status_code=status,
        media_type="text/html",
        headers={"Content-Language": lang, "Vary": "Accept-Language, Cookie", **(headers or {})},
        cookies=kept,
    )


def _with_lang(request: AnyRequest, to: str) -> str:
    pairs = [(k, v) for k, v in request.query_params.multi_items() if k != "lang"]
    query = "&".join(f"{quote(k)}={quote(v)}" for k, v in [*pairs, ("lang", to)])
    return f"{request.url.path}?{query}"


def ago(speak: Translator, now: datetime, at: datetime) -> str:
    """How long ago, in the unit that a person would use."""
    seconds = max(0, int((now - at).total_seconds()))
    for size, one, many in (
        (86400, "{n} day ago", "{n} days ago"),
        (3600, "{n} hour ago", "{n} hours ago"),
        (60, "{n} minute ago", "{n} minutes ago"),
    ):
        if seconds >= size:
            return speak.plural(one, many, seconds // size)
    return speak.plural("{n} second ago", "{n} seconds ago", seconds)


def span(speak: Translator, seconds: float) -> str:
    """A length of time, in the unit that a person would use."""
    for size, one, many in (
        (86400, "{n} day", "{n} days"),
        (3600, "{n} hour", "{n} hours"),
        (60, "{n} minute", "{n} minutes"),
    ):
        if seconds >= size:
            return speak.plural(one, many, int(seconds // size))
    return speak.plural("{n} second", "{n} seconds", max(0, int(seconds)))


def record_link(kind: str, uuid: UUID) -> str:
    """The page of a record."""
    folder = {"report": "reports", "document": "documents", "incident": "incidents"}
    return f"/{folder.get(kind, 'records')}/{uuid}"


def quoted(text: str) -> Markup:
    """Hostile text, escaped; line ends stay, what turns the direction of writing does not."""
    shown = "".join(
        c if c.isprintable() or c in "\n\t" else "\N{REPLACEMENT CHARACTER}" for c in text
    )
    return Markup.escape(shown)
