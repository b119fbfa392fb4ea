"""A paper of ours printed as PDF for an answer; the reason where no browser prints here."""

from zvon.collect.render.paper import to_pdf
from zvon.collect.render.pipe import Gone, Said
from zvon.collect.render.process import NoBrowser
from zvon.web.api.inject import In


class PdfUnavailable(RuntimeError):
    """No browser prints here; every other form is there."""


async def printed(context: In, html: str, foot: str) -> bytes:
    """The PDF of `html` with a line below each page. Raises `PdfUnavailable` with the reason."""
    try:
        return await to_pdf(html, foot, chromium=context.settings.chromium)
    except NoBrowser as problem:
        raise PdfUnavailable(problem.reason) from None
    except (Gone, Said, TimeoutError):
        raise PdfUnavailable("the browser failed") from None
