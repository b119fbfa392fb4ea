"""The lives of a message and of a notice: the states, and the only moves between them.

The same moves are rows of `transition`, where triggers enforce them.
"""

from enum import StrEnum


class MessageState(StrEnum):
    """Where a message stands; `unsure` was handed over and nobody said whether it was taken."""

    DRAFT = "draft"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    DELIVERED = "delivered"
    BOUNCED = "bounced"
    FAILED = "failed"
    HELD = "held"
    UNSURE = "unsure"
    CANCELLED = "cancelled"
    RECEIVED = "received"
    THREADED = "threaded"
    UNTHREADED = "unthreaded"
    QUARANTINED = "quarantined"
    HANDLED = "handled"


class NoticeState(StrEnum):
    """Where a grouped notice to one contact stands."""

    GATHERING = "gathering"
    REVIEW = "review"
    SENT = "sent"
    ANSWERED = "answered"
    CLOSED = "closed"
    DROPPED = "dropped"


class Trust(StrEnum):
    """Whether a sender is who he says. Only the first two change anything."""

    SIGNED = "signed"
    AUTHENTICATED = "authenticated"
    CLAIMED = "claimed"
    STRANGER = "stranger"
    DISOWNED = "disowned"

    @property
    def verified(self) -> bool:
        """True when somebody other than the mail itself vouches for its sender."""
        return self in {Trust.SIGNED, Trust.AUTHENTICATED}


M, N = MessageState, NoticeState

MESSAGE_MOVES: dict[MessageState, frozenset[MessageState]] = {
    M.DRAFT: frozenset({M.QUEUED, M.CANCELLED}),
    M.QUEUED: frozenset({M.SENDING, M.HELD, M.FAILED, M.CANCELLED}),
    M.SENDING: frozenset({M.QUEUED, M.SENT, M.HELD, M.FAILED, M.BOUNCED, M.UNSURE}),
    M.HELD: frozenset({M.QUEUED, M.CANCELLED}),
    M.UNSURE: frozenset({M.QUEUED, M.SENT, M.DELIVERED, M.BOUNCED}),
    M.SENT: frozenset({M.DELIVERED, M.BOUNCED}),
    M.DELIVERED: frozenset({M.BOUNCED}),
    M.FAILED: frozenset({M.QUEUED, M.CANCELLED}),
    M.BOUNCED: frozenset(),
    M.CANCELLED: frozenset(),
    M.RECEIVED: frozenset({M.THREADED, M.UNTHREADED, M.QUARANTINED}),
    M.THREADED: frozenset({M.HANDLED}),
    M.UNTHREADED: frozenset({M.THREADED, M.HANDLED}),
    M.QUARANTINED: frozenset({M.UNTHREADED, M.HANDLED}),
    M.HANDLED: frozenset(),
}

NOTICE_MOVES: dict[NoticeState, frozenset[NoticeState]] = {
    N.GATHERING: frozenset({N.REVIEW, N.SENT, N.DROPPED}),
    N.REVIEW: frozenset({N.SENT, N.DROPPED}),
    N.SENT: frozenset({N.ANSWERED, N.CLOSED}),
    N.ANSWERED: frozenset({N.CLOSED}),
    N.CLOSED: frozenset(),
    N.DROPPED: frozenset(),
}

OPEN = frozenset({M.UNTHREADED, M.QUARANTINED, M.HELD, M.UNSURE, M.BOUNCED, M.FAILED})
"""States in which a message waits for a person."""
