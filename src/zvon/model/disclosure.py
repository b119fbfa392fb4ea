"""The doors outward, and what the ledger says of everything that came to one of them."""

from enum import StrEnum


class Door(StrEnum):
    """A way out of the node. Each has its writer, and every writer takes a released value only."""

    PEER = "peer"  # events, what is taken back, and why, in the feed of a sharing group
    QUESTION = "question"  # a question about a pseudonym, and its answer
    TAKEDOWN = "takedown"  # the package for a provider
    NOTICE = "notice"  # the letter to the owner of a page
    EXPORT = "export"  # the values of a search, in a file
    MAIL = "mail"
    WEBHOOK = "webhook"
    MISP = "misp"
    TAXII = "taxii"
    FEED = "feed"
    REPORT = "report"
    STATISTICS = "statistics"


class Outcome(StrEnum):
    """Whether it left; all but the first mean that nothing did."""

    RELEASED = "released"
    HELD = "held"
    REFUSED = "refused"
    RESIDUE = "residue"
