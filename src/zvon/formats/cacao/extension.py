"""Where our typed actions travel in a CACAO document: an extension that other tools may ignore.

A step's extension holds what CACAO has no word for: which action of our catalogue it is, with its
arguments and results, names in other languages, the way after a timeout, the rounds of a loop.
Beside it stands the same step as a manual command, so that any other tool can carry it out.
"""

from typing import Annotated, Any

from msgspec import Meta, Struct

from zvon.model.playbook import Name, StartRule, StepId

ID = "extension-definition--6f0a5e0c-5f0d-4c52-9d0e-7a1f3b9c2d41"
AUTHOR = "identity--3b8f6a54-9c1e-4f7a-8f52-0d6c1e7b9a10"
AGENT = "organization--a4f1c7d2-6b3e-4d59-8e0a-2c5b7f9d1e36"
DEFINITION: dict[str, Any] = {
    "type": "extension-definition",
    "name": "zvon playbook actions",
    "description": "Typed actions of an incident node, names in several languages, ways after a "
    "timeout and bounds of loops.",
    "created_by": AUTHOR,
    "schema": "urn:zvon:playbook-actions",
    "version": "1.0.0",
}
AGENT_DEFINITION: dict[str, Any] = {"type": "organization", "name": "zvon"}


class StepExtension(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What we say of one step beyond CACAO."""

    action: Name | None = None
    args: dict[str, Any] = {}
    out: dict[str, str] = {}
    titles: dict[str, Name] = {}
    on_timeout: StepId | None = None
    rounds: Annotated[int, Meta(ge=1, le=10_000)] | None = None


class PlaybookExtension(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What we say of a playbook beyond CACAO."""

    titles: dict[str, Name] = {}
    suits: tuple[Name, ...] = ()
    starts: tuple[StartRule, ...] = ()
    budget: Annotated[int, Meta(ge=1, le=100_000)] | None = None
