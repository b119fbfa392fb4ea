"""A takedown package: what a provider needs to act, in one archive that proves itself.

Holds the X-ARF report, a letter in every language, what was seen of the page, and the hash of each
file. It is written from what the gate released alone: addresses without what is a victim's, and
files that were rebuilt. No message is quoted.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from msgspec import Struct
from msgspec.structs import replace

from zvon.formats import xarf
from zvon.locale import LANGS, translator
from zvon.locale.sentence import sentence
from zvon.model.url import defang
from zvon.model.verdict import Reason
from zvon.privacy.engine import Part
from zvon.share.released import ReleasedFiles, ReleasedText
from zvon.store.takedown import Contact

EPOCH = datetime(1980, 1, 1, tzinfo=UTC)  # the first day that a ZIP can tell
MANIFEST = "MANIFEST.sha256"
OF_PAGE = frozenset({"address", "brand", "rdap", "page", "visual", "tls"})
PAGE = "page"


class Package(Struct, frozen=True, kw_only=True):
    """All that the package is made from."""

    number: str
    content: xarf.Content
    contacts: tuple[Contact, ...]
    reasons: tuple[Reason, ...]
    node: str
    base: str
    made_at: datetime


class Seen(Struct, frozen=True, kw_only=True):
    """One piece of evidence under its name, as the gate rebuilt it."""

    name: str
    media_type: str
    description: str
    body: ReleasedFiles

    @property
    def item(self) -> xarf.Item:
        """The piece as the report names it."""
        (body,) = self.body.files.values()
        return xarf.Item(self.name, self.media_type, self.description, body)


def parts(package: Package) -> list[Part]:
    """Every string of the package that comes from a report or a page, for the gate."""
    seen = package.content
    rows = [Part(PAGE, seen.url, side="attacker", whole="URL")]
    rows += [
        Part(f"hop.{i}", hop, side="attacker", whole="URL", optional=True)
        for i, hop in enumerate(seen.hops)
    ]
    if seen.sends_to:
        rows.append(Part("target", seen.sends_to, side="attacker", optional=True))
    for i, reason in enumerate(package.reasons):
        rows += [
            Part(f"reason.{i}.{key}", value, optional=True)
            for key, value in reason.params.items()
            if isinstance(value, str)
        ]
    return rows


def build(
    package: Package, desk: xarf.Desk, said: ReleasedText, seen: Sequence[Seen], *, report_id: UUID
) -> bytes:
    """The archive; the same input gives the same bytes. `said` is of the `parts` of `package`."""
    package = _released(package, said)
    items = [each.item for each in seen]
    files = {"report.xarf.json": xarf.encode(package.content, desk, items, report_id)}
    for lang in LANGS:
        files[f"letter.{lang}.txt"] = letter(package, desk, lang).encode()
    for item in items:
        files[f"evidence/{item.name}"] = item.body
    lines = [f"{sha256(body).hexdigest()}  {name}\n" for name, body in sorted(files.items())]
    files[MANIFEST] = "".join(lines).encode()
    out = BytesIO()
    stamp = max(package.made_at.astimezone(UTC), EPOCH).timetuple()[:6]
    with ZipFile(out, "w") as archive:
        for name, body in sorted(files.items()):
            info = ZipInfo(name, stamp)
            info.compress_type = ZIP_DEFLATED
            info.external_attr = 0o600 << 16
            archive.writestr(info, body)
    return out.getvalue()


def _released(package: Package, said: ReleasedText) -> Package:
    """The package with every string as the gate let it out; a reason that changed stays here."""
    texts = said.texts
    content = replace(
        package.content,
        url=texts[PAGE],
        hops=tuple(texts[f"hop.{i}"] for i in range(len(package.content.hops))),
        sends_to=texts["target"] if "target" in said.whole else None,
    )
    return replace(
        package,
        content=content,
        reasons=tuple(
            reason
            for i, reason in enumerate(package.reasons)
            if all(
                f"reason.{i}.{key}" in said.whole
                for key, value in reason.params.items()
                if isinstance(value, str)
            )
        ),
    )


def letter(package: Package, desk: xarf.Desk, lang: str) -> str:
    """The words for the provider; the address of the page cannot be opened by accident."""
    speak = translator(lang)
    seen = package.content
    reasons = "\n".join(
        f"- {sentence(speak, reason.code, reason.params)}" for reason in about_page(package.reasons)
    )
    body = speak.text(
        "TAKEDOWN_BODY", page=defang(seen.url), seen=speak.moment(seen.seen_at),
        number=package.number, reasons=reasons, sender=package.node, contact=desk.contact, base=package.base,
    )  # fmt: skip
    subject = speak.text("TAKEDOWN_SUBJECT", host=defang_host(seen.source), number=package.number)
    return f"{subject}\n\n{body}\n"


def about_page(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """The reasons that speak of the page and its address; those of a message stay here."""
    return tuple(r for r in reasons if r.weight > 0 and r.source in OF_PAGE)


def defang_host(host: str) -> str:
    """A host that no program makes a link of."""
    return host.replace(".", "[.]")
