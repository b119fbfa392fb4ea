"""What a document says, each statement with its place: the card that people read."""

from msgspec import Struct

from zvon.model.role import Role


class PartText(Struct, frozen=True, kw_only=True):
    """A text of the document. Places in the card count code points of it.

    `id` is that of `formats.document.part`; `cut` says that only its beginning is kept here.
    """

    id: str
    kind: str
    text: str
    name: str = ""
    author: str = ""
    derived: str = ""
    cut: bool = False


class Language(Struct, frozen=True, gc=False):
    """A paragraph and its language (ISO 639-1, `und` where nobody can tell)."""

    part: str
    start: int
    end: int
    lang: str


class Mark(Struct, frozen=True, kw_only=True, gc=False):
    """A value at a place: what it is, whose it is, how sure that is, and why.

    `raw` is what stands there, except for the target of a link (`linked`), which stands behind
    the place. `parent` is the value that holds this one. `score` is the belief (0 to 1) that it is
    the attacker's; `evidence` are codes, the weightiest first.
    """

    part: str
    start: int | None
    end: int | None
    type: str
    value: str
    raw: str
    role: Role
    score: float
    defanged: bool = False
    linked: bool = False
    parent: str | None = None
    evidence: tuple[str, ...] = ()


class Mismatch(Struct, frozen=True, kw_only=True):
    """A link that shows one address and leads to another."""

    part: str
    start: int
    end: int
    shown: str
    target: str


class Sentence(Struct, frozen=True, gc=False):
    """A sentence that speaks for a technique, and how strongly (0 to 1)."""

    part: str
    start: int
    end: int
    score: float


class TechniqueSeen(Struct, frozen=True, kw_only=True):
    """A technique of ATT&CK that the document is about. `suggested`: sure enough to be shown.

    `literal` ones stand in the text by their identifier or name; `low` ones were read from
    Slovenian or Croatian words and are a hint.
    """

    id: str
    name: str
    score: float
    suggested: bool
    literal: bool = False
    low: bool = False
    sentences: tuple[Sentence, ...] = ()


class NameSeen(Struct, frozen=True, kw_only=True):
    """An actor, malware or tool at a place; `id` is that of the reference data."""

    part: str
    start: int
    end: int
    kind: str
    id: str
    name: str
    raw: str


class Card(Struct, frozen=True, kw_only=True):
    """All of it. `lang` is that of most of the text; `values` counts distinct values by role.

    A document that says the same as an earlier one (`repeats` it) has its own marks, and leaves
    names and techniques to the first. `warnings` are sentences about what could not be read.
    """

    lang: str
    kind: str
    name: str = ""
    parts: tuple[PartText, ...] = ()
    languages: tuple[Language, ...] = ()
    marks: tuple[Mark, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    techniques: tuple[TechniqueSeen, ...] = ()
    attack_version: str = ""
    names: tuple[NameSeen, ...] = ()
    values: dict[str, int] = {}
    warnings: tuple[str, ...] = ()
    repeats: bool = False
