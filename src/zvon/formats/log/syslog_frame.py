"""Syslog messages in a stream of bytes: octet counting or newlines (RFC 6587, RFC 5425)."""

import re

MAX_MESSAGE = 256 * 1024
_COUNT = re.compile(rb"([1-9][0-9]{0,9}) ")


class BadFrame(ValueError):
    """The stream cannot be read on: the sender counts wrongly, or a message has no end."""


class Frames:
    """Feed it what a connection gave; it gives whole messages, without their framing.

    Each message may be framed in its own way: a digit begins a length, all else a line. At most
    `most` bytes wait for their end; a longer message is a `BadFrame`, because nobody knows where
    the next one begins, or how long the sender would go on.
    """

    def __init__(self, most: int = MAX_MESSAGE) -> None:
        self._most = most
        self._waiting = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The messages that are whole now, in order; empty ones are left out. Raises `BadFrame`."""
        buffer = self._waiting + data
        found: list[bytes] = []
        at, size = 0, len(buffer)
        while at < size:
            start, end, onward = self._next(buffer, at)
            if onward < 0:
                break
            message = buffer[start:end].rstrip(b"\r\n\0")
            if message:
                found.append(message)
            at = onward
        self._waiting = buffer[at:]
        if len(self._waiting) > self._most + 12:
            raise BadFrame(f"a message is longer than {self._most} bytes")
        return found

    def end(self) -> list[bytes]:
        """What was still waiting when the sender closed; a cut-off counted message is given too."""
        left, self._waiting = self._waiting, b""
        match = _COUNT.match(left)
        message = (left[match.end() :] if match else left).rstrip(b"\r\n\0")
        return [message] if message else []

    def _next(self, buffer: bytes, at: int) -> tuple[int, int, int]:
        """Where the message at `at` starts and ends, and the next one; -1 when it is not whole."""
        if 0x31 <= buffer[at] <= 0x39:
            match = _COUNT.match(buffer, at)
            if match is not None:
                length = int(match[1])
                if length > self._most:
                    raise BadFrame(f"a message of {length} bytes is longer than {self._most}")
                end = match.end() + length
                return match.end(), end, end if end <= len(buffer) else -1
            if len(buffer) - at < 11 and buffer[at:].isdigit():
                return at, at, -1
        end = buffer.find(b"\n", at)
        return at, end, end + 1 if end >= 0 else -1


def as_line(message: bytes) -> bytes:
    """A message as one line of a file: line ends inside it are written as `#012` and `#015`,
    as rsyslog does.
    """
    return message.replace(b"\n", b"#012").replace(b"\r", b"#015").replace(b"\0", b"#000")
