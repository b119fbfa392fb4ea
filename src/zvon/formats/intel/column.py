"""What a column of a table means: by its head in three languages, and by what its cells hold."""

import re
import tomllib
import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Literal

from msgspec import convert

from zvon.formats.intel.cell import EMPTY, value_of, values
from zvon.formats.intel.moment import form_of
from zvon.model import suffix, url
from zvon.model.mapping import Column, Meaning
from zvon.model.observable import Observable, ObservableType

Why = Literal["COLUMN_HEAD", "COLUMN_CELLS", "COLUMN_BOTH", "COLUMN_OWN", "COLUMN_BESIDE",
              "COLUMN_NOTHING"]  # fmt: skip

_T = ObservableType
_WRITTEN = re.compile(r"[^0-9a-z]+")
# Values that say something about another one, where there is another one.
_BESIDE = frozenset({_T.FILENAME, _T.USERAGENT, _T.EMAIL, _T.MAC})
# Values that do not show in their form: without the head nobody would know them.
_BY_HEAD = frozenset({_T.PHONE, _T.IBAN, _T.FILENAME, _T.MAC, _T.JA3, _T.SSDEEP, _T.IMPHASH,
                      _T.USERAGENT, _T.ASN, _T.CVE})  # fmt: skip
_SENDING = ("sender", "from", "posilj", "salje")


@cache
def _heads() -> dict[str, tuple[Meaning, ObservableType | None]]:
    text = (files(__package__) / "columns.toml").read_text(encoding="utf-8")
    table: dict[str, tuple[Meaning, ObservableType | None]] = {}
    for word, body in tomllib.loads(text).items():
        if word == "value":
            for kind, named in body.items():
                known = None if kind == "any" else ObservableType(kind)
                for head in named["heads"]:
                    table.setdefault(fold(head), ("value", known))
        else:
            means = convert(word, Meaning)
            for head in body["heads"]:
                table.setdefault(fold(head), (means, None))
    return table


def fold(head: str) -> str:
    """A head in small letters without accents, with one blank for every other sign."""
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", head)
    lowered = spaced.lower().replace("đ", "d").replace("ß", "ss")
    bare = "".join(c for c in unicodedata.normalize("NFD", lowered) if not unicodedata.combining(c))
    return _WRITTEN.sub(" ", bare).strip()


def meaning_of(head: str) -> tuple[Meaning, ObservableType | None, float] | None:
    """What a head says, and how sure that is; `None` for one that we do not know.

    `malicious domain name` is read by its end, with less certainty than `domain name`.
    """
    words = fold(head).split()
    joined = _heads().get("".join(words))
    if joined is not None:
        return (*joined, 1.0)
    for first in range(min(len(words), 6)):
        found = _heads().get(" ".join(words[first:]))
        if found is not None:
            return (*found, 1.0 if first == 0 else 0.7)
    return None


def propose(
    index: int, head: str, cells: Sequence[str], *, own: frozenset[str] = frozenset()
) -> Column:
    """What the column at `index` means, by its head (may be empty) and some of its cells.

    `own` are the registered domains of whoever made the table: addresses there are references.
    """
    told = [cell for cell in cells if cell.strip().lower() not in EMPTY]
    read = [values(cell) for cell in told]
    share = sum(map(bool, read)) / len(told) if told else 0.0
    known = meaning_of(head) if head else None
    if known is None:
        return _by_cells(index, head, told, read, share, own)
    means, kind, sure = known

    def column(means: Meaning, why: Why, sure: float, form: str = "") -> Column:
        return Column(index=index, name=head, means=means, sure=round(sure, 2), why=why, form=form)

    if means == "value":
        if kind in _BY_HEAD:
            fits = sum(bool(values(cell, kind)) for cell in told) / len(told) if told else 0.5
            kept: Meaning = "value" if fits >= 0.5 else "keep"
            why: Why = "COLUMN_BOTH" if told else "COLUMN_HEAD"
            return Column(index=index, name=head, means=kept, why=why, sure=round(sure * fits, 2),
                          type=kind if kept == "value" else None)  # fmt: skip
        if not told:
            return Column(index=index, name=head, means="value", type=kind, why="COLUMN_HEAD",
                          sure=sure / 2)  # fmt: skip
        if share < (0.2 if sure == 1.0 else 0.5):
            return column("keep", "COLUMN_CELLS", 1 - share)
        return Column(index=index, name=head, means="value", type=_type(read), why="COLUMN_BOTH",
                      sure=round(sure * (0.6 + 0.4 * share), 2))  # fmt: skip
    if means == "time":
        form, fits = form_of(told)
        if form is None:
            return column("keep", "COLUMN_CELLS", 0.8)
        return column("time", "COLUMN_BOTH", sure * fits, form)
    if means == "reference" and told and not share:
        return column("title", "COLUMN_CELLS", 0.6)
    if means in {"title", "tag", "tlp"} and share >= 0.9 and told:
        return _by_cells(index, head, told, read, share, own)
    return column(means, "COLUMN_HEAD", sure)


def _by_cells(index: int, head: str, told: list[str], read: list[tuple[Observable, ...]],
              share: float, own: frozenset[str]) -> Column:  # fmt: skip
    """A column without a head, or with one that says nothing."""
    if share >= 0.6:
        sites = {site for each in read for value in each if (site := _site(value))}
        if own and sites and sites <= own:
            return Column(index=index, name=head, means="reference", why="COLUMN_OWN", sure=0.9)
        return Column(index=index, name=head, means="value", type=_type(read), why="COLUMN_CELLS",
                      sure=round(0.5 + 0.4 * share, 2))  # fmt: skip
    form, fits = form_of(told)
    if form is not None and form not in {"epoch", "epoch_ms", "filetime"}:
        return Column(index=index, name=head, means="time", form=form, why="COLUMN_CELLS",
                      sure=round(0.9 * fits, 2))  # fmt: skip
    if form is not None and not head:
        return Column(index=index, means="time", form=form, why="COLUMN_CELLS",
                      sure=round(0.6 * fits, 2))  # fmt: skip
    return Column(index=index, name=head, why="COLUMN_NOTHING", sure=0.5)


def weighed(columns: Sequence[Column]) -> tuple[Column, ...]:
    """The columns beside each other: what only says something about another value is no value of
    its own, or is named and not accused.
    """
    strong = [c for c in columns if c.means == "value" and c.type not in {*_BESIDE, _T.ASN}]
    out: list[Column] = []
    for each in columns:
        if each.means != "value" or not strong or each in strong:
            out.append(each)
        elif each.type is _T.ASN:
            out.append(Column(index=each.index, name=each.name, why="COLUMN_BESIDE", sure=0.8))
        elif each.type is _T.EMAIL and any(word in fold(each.name) for word in _SENDING):
            out.append(each)
        else:
            out.append(Column(index=each.index, name=each.name, means="value", type=each.type,
                              role="named", why="COLUMN_BESIDE", sure=each.sure))  # fmt: skip
    return tuple(out)


def sites_of(text: str) -> frozenset[str]:
    """The registered domains that a remark names: those of whoever made the list."""
    found = set()
    for word in re.split(r"[\s<>()\"',;]+", text)[:2000]:
        value = value_of(word.rstrip(".:"))
        if value is not None and (site := _site(value)):
            found.add(site)
    return frozenset(found)


def _site(value: Observable) -> str:
    if value.type is _T.URL:
        parts = url.parse(value.value)
        return (suffix.registered(parts.host) or parts.host) if parts.host_kind == "name" else ""
    if value.type in {_T.DOMAIN, _T.EMAIL}:
        host = value.value.rpartition("@")[2]
        return suffix.registered(host) or host
    return ""


def _type(read: Sequence[tuple[Observable, ...]]) -> ObservableType | None:
    """The one type of all values; `None` for a column of several."""
    kinds = Counter(value.type for each in read for value in each)
    return next(iter(kinds)) if len(kinds) == 1 else None
