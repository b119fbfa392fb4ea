"""`zvon privacy flow`: flow statistics with pseudonyms that keep prefixes, and what that costs."""

import csv
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from zvon.privacy.flow import CryptoPan
    from zvon.privacy.flow_risk import FlowRisk
    from zvon.privacy.pseudonym import Domain

MAX_FIELD = 200
Address = IPv4Address | IPv6Address


class BadFlows(ValueError):
    """The file cannot be taken; says line and column, never the value."""


def flow(
    file: Annotated[Path, Parameter(help="CSV with a line of column names.")], /, *,
    columns: Annotated[str, Parameter(help="Columns of addresses: src,dst.")],
    out: Annotated[Path, Parameter(help="The CSV to write.")],
    group: Annotated[str, Parameter(help="The sharing group that may see it.")],
    drop: Annotated[str, Parameter(help="Columns to leave out: user,host.")] = "",
    epoch: Annotated[str | None, Parameter(help="The epoch, if not this month.")] = None,
    keys: Annotated[Path | None, Parameter(help="Folder of the pseudonym keys.")] = None,
    prefixes: Annotated[
        bool, Parameter(help="Keep prefixes; without, addresses of 2001:db8::/32 that keep nothing.")
    ] = True,
    json: Annotated[bool, Parameter(help="Print the risk as JSON.", negative=())] = False,
) -> int:  # fmt: skip
    """Write FILE with pseudonyms for its addresses, and print what the kept prefixes give away.

    For bulk statistics inside one group, never for incidents. Other columns leave only when they
    hold numbers, times and names of protocols; anything else stops it, and nothing is written.
    """
    from zvon.cli import keyring
    from zvon.privacy.flow import CryptoPan, flow_key
    from zvon.privacy.flow_risk import flow_risk

    wanted = [name.strip() for name in columns.split(",") if name.strip()]
    left_out = {name.strip() for name in drop.split(",") if name.strip()}
    month = epoch or f"{datetime.now(UTC):%Y-%m}"
    domain = keyring.domain(keys or keyring.default_folder(), group, month)
    flows, rows = _count(file, wanted, left_out)
    if prefixes:
        mapping = kept(list(flows), CryptoPan(flow_key(domain)))
    else:
        mapping = unlike(list(flows), domain)
    _write(file, out, wanted, left_out, mapping)
    risk = flow_risk(flows, prefixes=prefixes)
    if json:
        import msgspec

        print(
            msgspec.json.encode(
                {"rows": rows, "group": group, "epoch": month, "risk": risk}
            ).decode()
        )
    else:
        print(f"{rows} flows of {len(flows)} hosts for group {group}, epoch {month}: {out}")
        for one in risk:
            print("\n".join(_told(one)))
    return 0


def kept(addresses: Sequence[Address], pan: "CryptoPan") -> dict[Address, str]:
    """Pseudonyms that share as many bits as their addresses do."""
    import numpy as np

    four = [a for a in addresses if isinstance(a, IPv4Address)]
    six = [a for a in addresses if isinstance(a, IPv6Address)]
    made: dict[Address, str] = {}
    for a, value in zip(four, pan.four(np.array([int(a) for a in four], np.uint32)), strict=True):
        made[a] = str(IPv4Address(int(value)))
    if six:
        packed = np.frombuffer(b"".join(a.packed for a in six), np.uint8).reshape(-1, 16)
        made |= {
            b: str(IPv6Address(bytes(row))) for b, row in zip(six, pan.six(packed), strict=True)
        }
    return made


def unlike(addresses: Sequence[Address], domain: "Domain") -> dict[Address, str]:
    """Pseudonyms that share nothing but the prefix of documentation addresses."""
    from zvon.privacy.pseudonym_address import addresses as made

    packed = made(domain, (a.packed for a in addresses))
    return {a: str(IPv6Address(one)) for a, one in zip(addresses, packed, strict=True)}


def _count(file: Path, wanted: Sequence[str], left_out: set[str]) -> tuple[Counter[Address], int]:
    """How often each address occurs, and the number of rows; every value is checked here."""
    flows: Counter[Address] = Counter()
    known: dict[str, Address] = {}
    rows = 0
    for line, row in _rows(file, wanted, left_out):
        rows += 1
        for name, value in row.items():
            if name in wanted:
                if value not in known:
                    known[value] = _address(value, line, name)
                flows[known[value]] += 1
            elif not _harmless(value):
                raise BadFlows(
                    f"line {line}, column {name}: neither a number, a time nor a protocol; "
                    f"leave the column out with --drop {name}"
                )
    return flows, rows


def _rows(
    file: Path, wanted: Sequence[str], left_out: set[str]
) -> Iterator[tuple[int, dict[str, str]]]:
    """Line number and values of each row, without the columns that are left out."""
    with file.open(encoding="utf-8-sig", newline="") as lines:
        reader = csv.DictReader(lines, strict=True)
        try:
            names = reader.fieldnames or []
            for name in (*wanted, *left_out):
                if name not in names:
                    raise BadFlows(f"there is no column {name}")
            if len(set(names)) < len(names):
                raise BadFlows("two columns have one name")
            for row in reader:
                if None in row or None in row.values():
                    raise BadFlows(f"line {reader.line_num}: not {len(names)} values")
                yield reader.line_num, {k: v for k, v in row.items() if k not in left_out}
        except csv.Error:
            raise BadFlows(f"line {reader.line_num}: this is no CSV") from None
        except UnicodeDecodeError as problem:
            raise BadFlows(f"the file is not UTF-8 (byte {problem.start})") from None


def _address(value: str, line: int, name: str) -> Address:
    try:
        made = ip_address(value.strip())
    except ValueError:
        raise BadFlows(f"line {line}, column {name}: no address") from None
    if isinstance(made, IPv6Address) and made.scope_id:
        raise BadFlows(f"line {line}, column {name}: an address with an interface")
    return made


# A plus or a zero in front is a telephone's, not a counter's.
_NUMBER = re.compile(r"-?(?:0|[1-9]\d{0,17})(?:\.\d{1,9})?")
PROTOCOLS = frozenset({"", "-", "tcp", "udp", "icmp", "icmp6", "icmpv6", "igmp", "gre", "esp", "ah",
                       "sctp", "ipip", "ipv6", "ospf", "vrrp", "in", "out"})  # fmt: skip


def _harmless(value: str) -> bool:
    """True for a number, a time, a protocol or TCP flags: what a flow says besides addresses."""
    text = value.strip()
    if len(text) > MAX_FIELD:
        return False
    if text.lower() in PROTOCOLS or set(text) <= set(".UAPRSFEC"):
        return set(text) != {"."}
    if _NUMBER.fullmatch(text):
        return True
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def _write(
    file: Path, out: Path, wanted: Sequence[str], left_out: set[str], mapping: dict[Address, str]
) -> None:
    """Write the result beside and put it in place whole."""
    fresh = out.with_name(f"{out.name}.new")
    texts: dict[str, str] = {}
    with fresh.open("w", encoding="utf-8", newline="") as lines:
        writer: csv.DictWriter[str] | None = None
        for line, row in _rows(file, wanted, left_out):
            if writer is None:
                writer = csv.DictWriter(lines, list(row))
                writer.writeheader()
            for name in wanted:
                if row[name] not in texts:
                    texts[row[name]] = mapping[_address(row[name], line, name)]
                row[name] = texts[row[name]]
            writer.writerow(row)
    fresh.replace(out)


def _told(risk: "FlowRisk") -> Iterator[str]:
    prefixes = list(risk.networks)
    said = ", ".join(f"{n} {prefix}" for prefix, n in risk.networks.items())
    yield f"IPv{risk.family}: {risk.hosts} hosts in {said}"
    if risk.learnt:
        yield f"  who knows …             learns of the others  {''.join(f'{p:>7}' for p in prefixes)}"
    for row in risk.learnt:
        who = {"any": f"any {row.known} of the hosts", "busiest": f"the {row.known} busiest"}
        shares = "".join(f"{row.shares[p]:>7.1%}" for p in prefixes)
        yield f"  {who[row.chosen]:<44}  {shares}"
    yield (f"  by rank: {risk.alone} of the {risk.ranked} busiest have a count of their own, "
           "which finds them whatever the key")  # fmt: skip
