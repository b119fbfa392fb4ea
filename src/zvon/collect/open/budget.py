"""What one report may cost to open: counted over all files that it holds, at every depth."""

from zvon.model.report import PartOutcome

MAX_FILES = 200
MAX_UNPACKED = 100 * 1024 * 1024
MAX_RATIO = 100
MAX_DEPTH = 2  # archives in archives; mails have a depth of their own
MAX_IMAGES = 20
MAX_PIXELS = 40_000_000
MAX_READ_ALOUD = 8  # pictures whose letters are read: each takes up to a second
MAX_PAGES = 10


class Unreadable(ValueError):
    """A file gives nothing; `outcome` and `reason` are what people are told."""

    def __init__(self, outcome: PartOutcome, reason: str) -> None:
        super().__init__(reason)
        self.outcome = outcome
        self.reason = reason


class Budget:
    """Counts down while a report is opened. Each method raises `Unreadable` when it is used up."""

    def __init__(self, depth: int = MAX_DEPTH) -> None:
        self._depth = depth
        self._files, self._bytes = MAX_FILES, MAX_UNPACKED
        self._images, self._aloud = MAX_IMAGES, MAX_READ_ALOUD

    def file(self, depth: int) -> None:
        """One more file, `depth` containers below the report."""
        if depth > self._depth:
            raise Unreadable(PartOutcome.REFUSED, f"files are nested deeper than {self._depth}")
        self._files -= 1
        if self._files < 0:
            raise Unreadable(PartOutcome.REFUSED, f"a report has at most {MAX_FILES} files")

    def room(self) -> int:
        """How many unpacked bytes are left."""
        return self._bytes

    def unpacked(self, size: int) -> None:
        """`size` bytes were unpacked."""
        self._bytes -= size
        if self._bytes < 0:
            raise Unreadable(
                PartOutcome.REFUSED, f"it unpacks to more than {MAX_UNPACKED >> 20} MB"
            )

    def image(self, width: int, height: int) -> None:
        """One more picture of that size."""
        if width * height > MAX_PIXELS or width <= 0 or height <= 0:
            raise Unreadable(
                PartOutcome.REFUSED,
                f"a picture of {width} by {height} points; at most {MAX_PIXELS // 10**6} million",
            )
        self._images -= 1
        if self._images < 0:
            raise Unreadable(PartOutcome.REFUSED, f"a report has at most {MAX_IMAGES} pictures")

    def aloud(self) -> bool:
        """True when the letters of one more picture may be read."""
        self._aloud -= 1
        return self._aloud >= 0
