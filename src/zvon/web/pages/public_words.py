"""Words for the public about a block: its kind, its ground, its scope; every msgid is a literal."""

from zvon.locale import Translator

# Why, as the heading of the page that a visitor sees.
HEADINGS = {
    "phishing": "This page is blocked because it steals data",
    "fake_shop": "This page is blocked because the shop is a fake",
    "scam": "This page is blocked because it is a scam",
    "malware": "This page is blocked because it spreads malware",
    "compromised_site": "This page is blocked because somebody broke into it",
}
OTHERWISE = "This page is blocked because it is dangerous"
KINDS = {
    "phishing": "Poses as somebody else",
    "fake_shop": "Fake shop",
    "scam": "Scam",
    "malware": "Malware",
    "compromised_site": "Site that was broken into",
    "simulation": "Exercise",
}
OTHER_KIND = "Dangerous address"
GROUNDS = {
    "order": "An order of an authority",
    "terms": "The agreement with your internet provider, who can end it",
}
SCOPES = {
    "host": "this name only",
    "host_sub": "this name and all names below it",
    "registrable_sub": "this name and all names below it",
}


def heading(speak: Translator, category: str) -> str:
    """Why the page is blocked, in one sentence."""
    return speak.text(HEADINGS.get(category, OTHERWISE))


def kind(speak: Translator, category: str) -> str:
    """The class of a block, in two or three words."""
    return speak.text(KINDS.get(category, OTHER_KIND))


def ground(speak: Translator, code: str) -> str:
    """What the block rests on."""
    return speak.text(GROUNDS[code])


def scope(speak: Translator, code: str) -> str:
    """How much of the name is blocked."""
    return speak.text(SCOPES[code])


# What happened to a block, as the public record tells it.
OUTCOMES = {
    "published": "blocked",
    "renewed": "block renewed",
    "lifted": "block lifted",
    "expired": "block ended",
    "appeal_granted": "objection granted",
    "appeal_refused": "objection refused",
}


def outcome(speak: Translator, code: str) -> str:
    """What took effect."""
    return speak.text(OUTCOMES[code])
