"""Query resolution policies of Windows DNS Server, as a table for PowerShell.

Import-Csv zvon.csv | ForEach-Object {
  Add-DnsServerQueryResolutionPolicy -Name $_.Name -Action $_.Action -FQDN $_.FQDN }
"""

from collections.abc import Iterable, Iterator

from zvon.formats.blocklist.entry import About, Entry
from zvon.formats.blocklist.stream import pieces


def encode(entries: Iterable[Entry], about: About) -> Iterator[bytes]:
    """Columns `Name`, `Action` (`DENY` refuses the query) and `FQDN`, every field quoted."""
    yield b'"Name","Action","FQDN"\r\n'
    yield from pieces((_row(entry, about.feed) for entry in entries), "\r\n")


def _row(entry: Entry, feed: str) -> str:
    names = f"EQ,{entry.value},*.{entry.value}" if entry.below else f"EQ,{entry.value}"
    return f'"zvon-{feed}-{entry.value}","DENY","{names}"'
