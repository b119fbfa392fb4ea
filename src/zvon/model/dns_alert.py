"""Why a resolver does not do as it should: the causes, and how the evidence tells them apart."""

from enum import StrEnum

from msgspec import Struct


class Cause(StrEnum):
    """What is wrong; the catalogue has for each what it means and what to do."""

    UNREACHABLE = "unreachable"
    """Its resolver does not answer our probe."""
    RESOLVER_BROKEN = "resolver_broken"
    """It answers, but does not resolve the control names either."""
    BAD_KEY = "bad_key"
    """Its requests are signed with a key that we do not know."""
    BAD_SIGNATURE = "bad_signature"
    """The key's name is right and its secret is not, or a box on the way changes messages."""
    CLOCK_SKEW = "clock_skew"
    """Its clock is more than five minutes from ours."""
    NOTIFY_UNANSWERED = "notify_unanswered"
    """It does not answer our NOTIFY; the zone comes only when it asks by itself."""
    NOTIFY_REFUSED = "notify_refused"
    """It refuses our NOTIFY: `allow-notify` lacks our address, or we come from another one."""
    NO_TRANSFER = "no_transfer"
    """It knows of the new zone and does not fetch it."""
    STALE = "stale"
    """It was not heard for over an hour: it goes on with an old zone."""
    LOG_ONLY = "log_only"
    """It has the zone and applies no rule of it: log-only, or the zone is in no policy."""
    MIN_UPDATE_INTERVAL = "min_update_interval"
    """BIND has the zone and waits before it applies it: `min-update-interval` is not 0."""
    PACKET_CACHE = "packet_cache"
    """It applies the rule and goes on giving a cached answer to the same question."""
    ZONE_ORDER = "zone_order"
    """It applies the zone, but another zone speaks first and lets the name pass."""
    EXCEPTION = "exception"
    """The subscriber's own exception lets the name pass."""
    NOT_ENFORCED = "not_enforced"
    """It has the zone and does not block; nothing that we see says why."""
    CLIENT_AHEAD = "client_ahead"
    """It asks with a newer serial than ours: we were restored from an old copy."""
    FEED_FROZEN = "feed_frozen"
    """The tripwire stopped a feed."""
    CONTROL_BLOCKED = "control_blocked"
    """A publish would have stopped, or stopped, a name that must resolve."""
    LIST_OLD = "list_old"
    """A never-block list is old."""
    LIST_BAD = "list_bad"
    """A never-block list of the operator cannot be read."""
    PURGE_LATE = "purge_late"
    """Data that had its time was not purged in time."""
    DATA_REQUEST_DUE = "data_request_due"
    """A request of a person about their data is due within a week, or late."""
    OBLIGATION_LATE = "obligation_late"
    """A report that the law asks for is over its time."""

    @property
    def words(self) -> str:
        """The catalogue's name for what it means; with `_DO` behind it for what to do."""
        return f"ALERT_{self.value.upper()}"


OF_ONE_BLOCK = frozenset({Cause.ZONE_ORDER, Cause.EXCEPTION, Cause.PACKET_CACHE})
"""Causes that lie in one name; the others hold for all of a zone."""
WATCHED = frozenset({
    Cause.UNREACHABLE, Cause.RESOLVER_BROKEN, Cause.BAD_KEY, Cause.BAD_SIGNATURE, Cause.CLOCK_SKEW,
    Cause.NOTIFY_UNANSWERED, Cause.NOTIFY_REFUSED, Cause.NO_TRANSFER, Cause.STALE, Cause.LOG_ONLY,
    Cause.MIN_UPDATE_INTERVAL, Cause.PACKET_CACHE, Cause.ZONE_ORDER, Cause.EXCEPTION,
    Cause.NOT_ENFORCED,
})  # fmt: skip
"""Causes that close by themselves when their evidence is gone."""

SIGNATURE = {"BADKEY": Cause.BAD_KEY, "BADSIG": Cause.BAD_SIGNATURE,
             "BADTRUNC": Cause.BAD_SIGNATURE, "BADTIME": Cause.CLOCK_SKEW}  # fmt: skip
"""What a TSIG error of a subscriber means (RFC 8945, 3)."""

BIND_DEFAULT_S = 75.0
"""The 60 s that BIND waits by default, and the time to apply a zone of a million rules."""
PATIENCE_S = 10.0
"""A transfer and its application take seconds; only afterwards is something wrong."""


class Facts(Struct, frozen=True, kw_only=True):
    """What is known of one block that one subscriber should enforce and does not.

    `None` means that nobody could ask. `marker` says whether the resolver shows the serial of the
    block or a later one, and `marked` whether it shows any; `other_form` whether the same question
    with another flag is blocked.
    """

    brand: str
    polls: bool
    answered: bool | None
    resolves_control: bool | None
    failure: str | None
    notify_refused: bool
    notify_answered: bool
    transferred: bool
    since_transfer_s: float | None
    marked: bool | None
    marker: bool | None
    test_blocked: bool | None
    other_form: bool | None
    excepted: bool


def diagnose(facts: Facts) -> Cause:
    """The cause that explains the facts, found in the order in which a zone travels."""
    if facts.excepted:
        return Cause.EXCEPTION
    if not facts.transferred:
        return _on_the_way(facts)
    if facts.answered is False:
        return Cause.UNREACHABLE
    if facts.other_form:
        return Cause.PACKET_CACHE
    if facts.resolves_control is False:
        return Cause.RESOLVER_BROKEN
    if facts.brand == "bind" and facts.test_blocked and not _settled(facts):
        # BIND may show new data of a known name before it applies rules for new names.
        return Cause.MIN_UPDATE_INTERVAL
    if facts.marker:
        return Cause.ZONE_ORDER
    if facts.test_blocked is False and not facts.marked:
        return Cause.LOG_ONLY
    return Cause.NOT_ENFORCED


def _settled(facts: Facts) -> bool:
    return facts.since_transfer_s is not None and facts.since_transfer_s > BIND_DEFAULT_S


def _on_the_way(facts: Facts) -> Cause:
    if facts.failure in SIGNATURE:
        return SIGNATURE[facts.failure]
    if facts.notify_refused:
        return Cause.NOTIFY_REFUSED
    if facts.notify_answered or facts.polls:
        return Cause.NO_TRANSFER
    return Cause.UNREACHABLE if facts.answered is False else Cause.NOTIFY_UNANSWERED
