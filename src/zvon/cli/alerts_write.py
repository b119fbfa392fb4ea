"""What `zvon alerts correlate` writes: JSON lines, each file whole or not at all."""

import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import Any

import msgspec

from zvon.cli.alerts_read import Records
from zvon.cli.alerts_run import Ranked, Result, Seen
from zvon.ml.correlate.link import Reason

AT_ONCE = 10_000


def write(path: Path, lines: Iterable[str]) -> None:
    """Write lines; a file that was there is replaced only by a whole one. Raises `OSError`."""
    with NamedTemporaryFile(
        "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
    ) as file:
        try:
            file.writelines(lines)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            Path(file.name).unlink()
            raise
    # Made for its owner alone; the caller's mask decides who else may read it.
    mask = os.umask(0)
    os.umask(mask)
    Path(file.name).chmod(0o666 & ~mask)
    Path(file.name).replace(path)


def record_lines(records: Records, result: Result) -> Iterator[str]:
    """One line for each record of each file, in their order; null for what is in no incident."""
    start = 0
    for name, count in records.files:
        head = f'{{"file":{_json(name)},"line":'
        for first in range(start, start + count, AT_ONCE):
            most = min(first + AT_ONCE, start + count)
            for number, incident in enumerate(result.incident[first:most].tolist(), first - start):
                said = "null" if incident < 0 else incident
                yield f'{head}{number},"incident":{said}}}\n'
        start += count


def ranking_lines(ranking: Iterable[Ranked], say: Callable[[Reason], str]) -> Iterator[str]:
    """One line for each incident, the first on top."""
    for each in ranking:
        yield _line(
            {
                "incident": each.incident, "rank": each.rank, "score": round(each.score, 4),
                "first": each.first, "last": each.last, "alerts": each.alerts,
                "reasons": [say(reason) for reason in each.reasons],
            }
        )  # fmt: skip


def hourly_lines(hourly: Iterable[Seen]) -> Iterator[str]:
    """One line for each incident that was active in the day before each full hour."""
    for each in hourly:
        yield _line(
            {
                "at": each.at,
                "incident": each.incident,
                "rank": each.rank,
                "score": round(each.score, 4),
            }
        )


def _json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _line(value: dict[str, Any]) -> str:
    return _json(value) + "\n"
