"""X-ARF reports of abuse, versions 3 and 4, as other desks send them; `formats.xarf` writes ours."""

from collections.abc import Iterable, Iterator
from typing import Any

from zvon.formats.clock import read_time
from zvon.formats.found import NAMED, REPORTER, Found
from zvon.formats.json_field import at_path, members, objects_in, text, texts, uuid
from zvon.formats.json_objects import guess_by, read_objects
from zvon.model.item import Bad, Format, Guess, Item, ItemKind, Options
from zvon.model.marking import Tlp, parse_tlp
from zvon.model.observable import ObservableType

_T = ObservableType

_SAID_URLS = ("url", "submission_url", "infected_url", "affected_url")


def decode(chunks: Iterable[bytes], options: Options) -> Iterator[Item | Bad]:
    """One alert for each report."""
    return read_objects(chunks, options, _item, "This is no X-ARF report of version 3 or 4.")


def sniff(sample: bytes, name: str) -> Guess | None:
    """Version 4 by its own key, version 3 by its two parts."""
    return guess_by(sample, 97, "xarf_version", lambda value: _version(value) > 0)


def _version(value: dict[str, Any]) -> int:
    if isinstance(value.get("xarf_version"), str):
        return 4
    report = value.get("Report")
    return 3 if isinstance(report, dict) and {"ReportClass", "ReportType"} & report.keys() else 0


def _item(value: dict[str, Any], position: str, options: Options) -> Item | None:
    match _version(value):
        case 4:
            return _fourth(value, position, options)
        case 3:
            return _third(value, position, options)
    return None


def _fourth(value: dict[str, Any], position: str, options: Options) -> Item:
    at, clock = read_time(value.get("timestamp"), options)
    found = Found(options.region, at)
    found.host(value.get("source_identifier"))
    for key in _SAID_URLS:
        found.add(_T.URL, value.get(key))
    found.add(_T.URL, texts(value.get("redirect_chain")))
    found.add(_T.URL, value.get("cloned_site"), NAMED)
    found.address(value.get("destination_ip"), NAMED)
    found.host(value.get("target_domain"), NAMED)
    found.add(_T.EMAIL, value.get("smtp_from"))
    found.add(_T.CVE, texts(value.get("cve_ids")) or value.get("cve_id"), NAMED)
    for each in objects_in(value.get("evidence")):
        for written in texts(each.get("hash")) + texts(each.get("hashes")):
            found.hash(written.rpartition(":")[2], NAMED)
    for who in ("reporter", "sender"):
        found.add(_T.EMAIL, at_path(value, who, "contact"), REPORTER)
    tags = [text(value.get("category")), text(value.get("type")), *texts(value.get("tags"))]
    tlp = value.get("tlp")
    return _report(
        value, position, found, (*filter(None, tags), *clock), uuid(value.get("report_id")),
        text(value.get("description")), parse_tlp(tlp) if isinstance(tlp, str) else None,
    )  # fmt: skip


def _third(value: dict[str, Any], position: str, options: Options) -> Item:
    report = members(value.get("Report"))
    at, clock = read_time(report.get("Date"), options)
    found = Found(options.region, at)
    found.address(report.get("SourceIp"))
    found.add(_T.URL, report.get("SourceUrl") or report.get("Url"))
    found.host(report.get("SourceDomain") or report.get("Domain"))
    found.address(report.get("DestinationIp"), NAMED)
    for sample in objects_in(report.get("Samples")):
        for key in ("Md5", "Sha1", "Sha256"):
            found.hash(sample.get(key), NAMED)
    found.add(_T.EMAIL, at_path(value, "ReporterInfo", "ReporterContactEmail"), REPORTER)
    found.add(_T.EMAIL, at_path(value, "ReporterInfo", "ReporterOrgEmail"), REPORTER)
    tags = (text(report.get("ReportClass")), text(report.get("ReportType")))
    return _report(
        value, position, found, (*filter(None, tags), *clock), uuid(report.get("ReportID")),
        text(report.get("AdditionalInfo")), _disclosed(value),
    )  # fmt: skip


def _report(
    value: dict[str, Any], position: str, found: Found, tags: tuple[str, ...], own: Any,
    said: str, tlp: Tlp | None,
) -> Item:  # fmt: skip
    return Item(
        kind=ItemKind.ALERT, position=position, payload=value, values=found.values(), at=found.at,
        id=own, title=" / ".join(tags[:2]), text=said, tags=tags, tlp=tlp,
    )  # fmt: skip


def _disclosed(value: dict[str, Any]) -> Tlp | None:
    """Version 3 says whether the report may be passed on; if not, it stays with who got it."""
    return Tlp.RED if value.get("Disclosure") is False else None


FORMAT = Format(name="xarf", sniff=sniff, decode=decode, media_type="application/json")
