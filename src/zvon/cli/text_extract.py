"""`zvon text extract`: every value of a text with its place, and whose it is."""

import gc
import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from cyclopts import App, Parameter
from msgspec import Struct, structs

from zvon.model.observable import ObservableType

if TYPE_CHECKING:
    from zvon.formats.document.part import Link
    from zvon.formats.document.part import Part as Opened
    from zvon.formats.extract import Found
    from zvon.privacy.facts import Facts

app = App(name="extract", help="Find every indicator, and whose it is.", help_format="plaintext")

DONE, BAD_INPUT, LIMIT = 0, 2, 3
MAX_FOUND = 500_000
"""Values of one part; what comes after them is not read."""
SAMPLE = 4_000  # characters that tell the language
MOST_LINKS = 5_000
MAX_BYTES = 256 * 1024 * 1024
OPENED = frozenset({".eml", ".html", ".htm", ".pdf", ".docx", ".msg"})
ADDRESSED = frozenset({ObservableType.URL, ObservableType.DOMAIN, ObservableType.EMAIL})
COINS = frozenset({"btc", "eth", "xmr", "onion"})

Lang = Literal["auto", "sl", "hr", "en"]


@app.default
def extract(
    file: Annotated[
        str,
        Parameter(
            help="A text; mail, HTML, PDF, DOCX and MSG are opened first. `-` is the input.",
            allow_leading_hyphen=True,
        ),
    ] = "-",
    /,
    *,
    types: Annotated[
        str | None, Parameter(help="Only these types, such as `domain,sha256`.")
    ] = None,
    lang: Annotated[Lang, Parameter(help="Language of the text.")] = "auto",
    roles: Annotated[
        bool, Parameter(help="Say whose each value is.", negative="--no-roles")
    ] = True,
    jsonl: Annotated[
        Path | None,
        Parameter(
            help='Lines `{"id","text"}` instead of FILE; `-` is the input.',
            allow_leading_hyphen=True,
        ),
    ] = None,
) -> int:
    """Print one JSON line per mention, in the order of the text.

    `start` and `end` count code points, half-open. `value` is the normal form, `parent` the value
    that a derived one stands in. `score` is the belief that the value is the attacker's. Exit code
    0 when done (also with nothing found), 2 when the input is bad, 3 when a limit was reached.
    """
    try:
        reader = Reader(types, lang, roles=roles)
        gc.disable()  # nothing that is made here holds itself
        rows = reader.lines(jsonl) if jsonl is not None else reader.file(file)
        write = sys.stdout.buffer.write
        for row in rows:
            write(_encoded(row))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        return DONE
    except (OSError, ValueError) as problem:
        print(f"zvon: {problem}", file=sys.stderr)
        return BAD_INPUT
    finally:
        gc.enable()
    return LIMIT if reader.limited else DONE


_ENCODER = msgspec.json.Encoder()


def _encoded(row: dict[str, Any]) -> bytes:
    try:
        return _ENCODER.encode(row) + b"\n"
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can only write as an escape
        return json.dumps(row).encode() + b"\n"


class Part(Struct, frozen=True, kw_only=True):
    """One text to read, with what its document says of it; see `privacy.intel.Text`."""

    text: str
    id: str = "text"
    author: str = ""
    decoys: tuple[tuple[int, int], ...] = ()
    shown: str = ""


class Reader:
    """What is read once for a run, and whether a limit was reached in it."""

    def __init__(self, types: str | None, lang: Lang, *, roles: bool) -> None:
        self.types = _types(types)
        self.region = "HR" if lang == "hr" else "SI"
        self.lang = None if lang == "auto" else lang
        self.roles = roles
        self.limited = False
        self._facts: Facts | None = None

    def file(self, file: str) -> Iterator[dict[str, Any]]:
        """The mentions of one file. Raises `OSError` or `ValueError`."""
        path = Path(file)
        if file != "-" and path.suffix.lower() in OPENED:
            from zvon.cli.text_convert import parts_of

            opened = parts_of(path)
            if opened.reason:
                raise ValueError(f"{file}: {opened.reason}")
            yield from self.texts(_with_links(opened.parts), None)
            if opened.cut:
                self.limited = True
            if opened.warnings:
                yield {"id": None, "warnings": opened.warnings}
            return
        yield from self.texts([Part(text=_read(file))], None)

    def lines(self, path: Path) -> Iterator[dict[str, Any]]:
        """The mentions of each line of a file; a line that is none is answered by an error."""
        from zvon.cli.text_lines import BadLine, lines

        for line in lines(path):
            if isinstance(line, BadLine):
                yield {"error": line.error, "line": line.line}
            else:
                yield from self.texts([Part(text=line.text)], line.id)

    def texts(self, texts: list[Part], id: Any) -> Iterator[dict[str, Any]]:
        """The mentions of the parts of one document."""
        found = [self._scanned(text.text) for text in texts]
        for text, mentions in zip(texts, found, strict=True):
            if not self.roles:
                yield from filter(None, (self._row(one, id, text.id) for one in mentions))
        if self.roles:
            yield from self._judged(texts, found, id)
        if any(sum(f.parent is None for f in part) >= MAX_FOUND for part in found):
            self.limited = True
            yield {"id": id, "warnings": [f"only the first {MAX_FOUND} values were read"]}

    def _scanned(self, text: str) -> "list[Found]":
        """The values; a local telephone number is read in the country of the text's language."""
        from zvon.formats.extract import scan

        found = scan(text, region=self.region, limit=MAX_FOUND)
        if self.lang is None and any(_is_local(one) for one in found):
            from zvon.ml.language import detect

            if detect(text[:SAMPLE]) == "hr":
                return scan(text, region="HR", limit=MAX_FOUND)
        return found

    def _judged(
        self, texts: list[Part], found: "list[list[Found]]", id: Any
    ) -> Iterator[dict[str, Any]]:
        from zvon.privacy.intel import Setting, Text, judge

        if self._facts is None:
            from zvon.privacy.facts import Facts, with_brands

            self._facts = with_brands(Facts(lang=self.lang))
        parts = [
            Text(**structs.asdict(text), found=tuple(f))
            for text, f in zip(texts, found, strict=True)
        ]
        for text, judged in zip(
            texts, judge(parts, Setting(facts=self._facts), region=self.region), strict=True
        ):
            for one in judged:
                row = self._row(one.found, id, text.id)
                if row is not None:
                    row["role"], row["score"] = one.role.value, one.score
                    row["evidence"] = one.evidence
                    yield row

    def _row(self, found: "Found", id: Any, part: str) -> dict[str, Any] | None:
        from zvon.model.observable import printed_type

        kind = printed_type(found.observable)
        if self.types and kind not in self.types and found.observable.type.value not in self.types:
            return None
        return {
            "id": id, "part": part, "type": kind, "value": found.observable.value, "raw": found.raw,
            "start": found.start, "end": found.end, "defanged": found.defanged, "role": None,
            "score": None, "derived": found.parent is not None,
            "parent": found.parent.value if found.parent is not None else None, "evidence": (),
        }  # fmt: skip


def _with_links(parts: "Sequence[Opened]") -> list[Part]:
    """The parts, and behind each the addresses that its links lead to, as parts of their own."""
    texts: list[Part] = []
    for part in parts:
        pretended = {
            (link.start or 0, link.end or 0): _pretended(part.text, link) for link in part.links
        }
        decoys = [place for place, host in pretended.items() if host]
        text = Part(text=part.text, id=part.id, author=part.author, decoys=tuple(decoys))
        texts.append(text)
        for number, link in enumerate(part.links[:MOST_LINKS], start=1):
            target = Part(
                text=link.target, id=f"{part.id}#link:{number}", author=part.author,
                shown=pretended[link.start or 0, link.end or 0],
            )  # fmt: skip
            texts.append(target)
    return texts


def _pretended(text: str, link: "Link") -> str:
    """The host that a link shows, where it leads to another."""
    from zvon.formats.extract import scan
    from zvon.formats.link import host_of

    if link.start is None or link.end is None:
        return ""
    shown = next(
        (f for f in scan(text[link.start : link.end]) if f.observable.type in ADDRESSED), None
    )
    target = next((f for f in scan(link.target) if f.observable.type in ADDRESSED), None)
    if shown is None or target is None or host_of(shown.observable) == host_of(target.observable):
        return ""
    return host_of(shown.observable)


def _is_local(found: "Found") -> bool:
    return found.observable.type is ObservableType.PHONE and not found.raw.startswith(("+", "00"))


def _types(text: str | None) -> frozenset[str]:
    asked = frozenset(part.strip() for part in (text or "").split(",") if part.strip())
    unknown = asked - COINS - {kind.value for kind in ObservableType}
    if unknown:
        raise ValueError(f"no type {', '.join(sorted(unknown))}")
    return asked


def _read(file: str) -> str:
    """The whole text, verbatim. One that is no UTF-8 is read by its likeliest 8-bit code page."""
    raw = sys.stdin.buffer.read(MAX_BYTES + 1) if file == "-" else Path(file).read_bytes()
    if len(raw) > MAX_BYTES:
        raise ValueError(f"the text is larger than {MAX_BYTES} bytes")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        from zvon.formats.charset import text_of

        return text_of(raw)[0]
