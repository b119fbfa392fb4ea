"""What the demo prints, keeps and streams: one row a step, read back from the system."""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from msgspec import Struct, to_builtins

LABEL = {
    0: "world", 1: "nodes", 2: "resolvers", 3: "before", 4: "report R01", 5: "flood", 7: "decide",
    8: "block", 9: "share", 10: "guards", 11: "lift", 12: "crash", 13: "result",
}  # fmt: skip
LABEL_WIDTH = 11
TEXT_WIDTH = 76


class StepFailed(RuntimeError):
    """A step did not do what it must; the message says what was seen."""


class Row(Struct, frozen=True, kw_only=True):
    """One step: whether it was verified, when, how long, and what proves it."""

    step: int
    ok: bool
    started: str
    seconds: float
    evidence: dict[str, Any]


class Show:
    """Collects rows and lines; prints them, writes them to a file, streams them to the page."""

    def __init__(self, *, quiet: bool = False) -> None:
        self.rows: list[Row] = []
        self.said: list[dict[str, Any]] = []
        self.utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
        self.colour = sys.stdout.isatty()
        self._quiet = quiet
        self._news = asyncio.Event()

    def tick(self, ok: bool) -> str:
        """The mark of a verified or failed thing, in what the terminal can show."""
        word = ("✔" if ok else "✘") if self.utf8 else ("ok" if ok else "FAIL")
        return f"\033[{32 if ok else 31}m{word}\033[0m" if self.colour else word

    def line(self, step: int, text: str, right: str = "", *, first: bool = True) -> None:
        """Print one line of a step; `right` stands at the right edge."""
        self.said.append({"step": step, "label": LABEL[step], "text": text, "right": right})
        self._wake()
        label = f"{step:>2} {LABEL[step]:<{LABEL_WIDTH}}" if first else " " * (LABEL_WIDTH + 3)
        self._print(f"{label}{text:<{TEXT_WIDTH if right else 0}}{'  ' + right if right else ''}")

    def plain(self, text: str) -> None:
        """Print a line that belongs to no step."""
        self._print(text)

    def _print(self, text: str) -> None:
        if self._quiet:
            return
        if not self.utf8:
            for mark, ascii_mark in (("·", "-"), ("→", "->"), ("×", "x"), ("…", "...")):
                text = text.replace(mark, ascii_mark)
            text = text.encode(sys.stdout.encoding or "ascii", "replace").decode(
                sys.stdout.encoding or "ascii"
            )
        print(text, flush=True)

    def add(self, row: Row) -> None:
        """Keep the evidence of a step."""
        self.rows.append(row)
        self._wake()

    def _wake(self) -> None:
        self._news.set()
        self._news = asyncio.Event()

    def write(self, path: Path) -> None:
        """Write the evidence of all steps, whole or not at all."""
        part = path.with_name(path.name + ".part")
        part.write_text(json.dumps(to_builtins(self.rows), indent=1) + "\n", encoding="utf-8")
        part.replace(path)

    async def stream(self) -> AsyncIterator[dict[str, Any]]:
        """Everything said and proved so far, then what comes."""
        lines = rows = 0
        while True:
            news = self._news
            while lines < len(self.said):
                yield {"line": self.said[lines]}
                lines += 1
            while rows < len(self.rows):
                yield {"row": to_builtins(self.rows[rows])}
                rows += 1
            await news.wait()


class Clock:
    """When a step began, on both clocks."""

    def __init__(self) -> None:
        self.at = datetime.now(UTC)
        self.mono = time.monotonic()

    @property
    def seconds(self) -> float:
        """Seconds since the step began."""
        return time.monotonic() - self.mono
