"""What others may add, in one place: packages that name these entry points are found at start.

| group | gives |
|---|---|
| `zvon.formats` | a `model.item.Format` |
| `zvon.sources` | a `collect.source.Kind` |
| `zvon.enrichers` | a `collect.enricher.Enricher` |

An extension that cannot be loaded is named in the log and left out; it never stops the node.
"""

from importlib.metadata import entry_points
from typing import Any

import structlog

log = structlog.get_logger("zvon.extend")


def extensions(group: str) -> dict[str, Any]:
    """What installed packages add to `group`, by name."""
    found: dict[str, Any] = {}
    for entry in sorted(entry_points(group=group), key=lambda entry: entry.name):
        try:
            found[entry.name] = entry.load()
        except Exception as problem:  # noqa: BLE001  whatever a stranger's package raises
            log.warning("extension left out", group=group, name=entry.name, problem=str(problem))
    return found
