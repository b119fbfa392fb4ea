"""Why the feeds of the demonstration may block: what a node asks for before it lets resolvers."""

from datetime import UTC, datetime, timedelta
from typing import Any

REVIEW = timedelta(days=180)


def justification(feed: str) -> dict[str, Any]:
    """The justification of `feed`, to be looked at again in half a year."""
    return {
        "feed": feed,
        "threat": "Invented pages on loopback that imitate the Post and take card numbers.",
        "protects": "The clients of the four resolvers of this demonstration, and nobody else.",
        "necessity": "The pages stand for hours; their hosters would answer in days.",
        "effectiveness": "Each resolver is probed; the demonstration fails if one does not block.",
        "proportionality": "Names are blocked as narrowly as the evidence goes, each with an end.",
        "alternatives": "Warnings and takedown were considered; both come after the victims.",
        "scope": "names of the demonstration's own world",
        "duration": "while the demonstration runs",
        "opt_out": "A subscriber turns the feed off in its own configuration at any time.",
        "transparency": "Every block is in the public record of the node, with its ground.",
        "review_on": (datetime.now(UTC) + REVIEW).date().isoformat(),
    }
