"""What a report may hold before we stop reading; the raw bytes are kept whole in any case."""

MAX_BYTES = 25 * 1024 * 1024
MAX_LINES = 500_000
MAX_PARTS = 200
MAX_DEPTH = 8
MAX_URLS = 500
MAX_MENTIONS = 2_000
MAX_TEXT = 500_000
MAX_HTML = 2_000_000


class Undecodable(ValueError):
    """The bytes are no message that we can read; says where and why."""

    def __init__(self, position: str, reason: str) -> None:
        super().__init__(f"{position}: {reason}")
        self.position = position
        self.reason = reason
