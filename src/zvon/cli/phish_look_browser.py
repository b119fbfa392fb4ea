"""`zvon phish look --browser`: the page as a phone and as a computer see it, outside a node."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from zvon.config import Settings

if TYPE_CHECKING:
    from zvon.locale import Translator
    from zvon.ml.look import Difference
    from zvon.model.page import Capture


async def browse(url: str, *, keep_token: bool) -> "tuple[Capture, ...]":
    """Looks at `url` with the browser, in its sandbox and behind the guard; none of them is kept."""
    from datetime import UTC, datetime

    from zvon.collect.fetch.guard import guard_of
    from zvon.collect.render.look import Looker
    from zvon.model.brand import shipped

    settings = Settings()
    looker = Looker(guard_of(settings), registry=shipped(), country=settings.country,
                    clock=lambda: datetime.now(UTC), program=settings.chromium)  # fmt: skip
    return tuple(each.capture for each in await looker.look(url, keep_token=keep_token))


def hidden(captures: "Sequence[Capture]") -> "tuple[Difference, ...]":
    """What the page shows to some of these looks only."""
    from zvon.collect.browser_evidence import views
    from zvon.ml.look import differences
    from zvon.model.brand import shipped

    return differences(views(captures, shipped()))


def sentences(found: "Sequence[Difference]", words: "Translator") -> list[str]:
    """A line for each difference."""
    return [
        words.text(
            "PAGE_HIDES",
            vantage=words.text(f"VANTAGE_{each.vantage.upper()}"),
            other=words.text(f"VANTAGE_{each.hidden_from.upper()}"),
            what=words.text(f"HIDES_{each.what.upper()}"),
        )
        for each in found
    ]
