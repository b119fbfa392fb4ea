"""Every format that sources are read in, by name; one file each. `formats.detect` chooses."""

from functools import cache

from zvon.extend import extensions
from zvon.formats import batch
from zvon.formats.document import whole
from zvon.formats.intel import (
    idea,
    intelmq,
    misp,
    n6,
    name_lists,
    openioc,
    shadowserver,
    stix,
    table,
    xarf,
)
from zvon.formats.log import (
    auditd,
    cef,
    elastic,
    eve,
    journald,
    json_lines,
    leef,
    syslog,
    wazuh,
    windows,
    zeek,
)
from zvon.model.item import Format

# In order of their names; each file has one `FORMAT`.
SHIPPED: tuple[Format, ...] = (
    *name_lists.FORMATS,
    *whole.FORMATS,
    auditd.FORMAT,
    batch.FORMAT,
    cef.FORMAT,
    elastic.FORMAT,
    eve.FORMAT,
    idea.FORMAT,
    intelmq.FORMAT,
    journald.FORMAT,
    json_lines.FORMAT,
    leef.FORMAT,
    misp.FORMAT,
    n6.FORMAT,
    openioc.FORMAT,
    shadowserver.FORMAT,
    stix.FORMAT,
    syslog.FORMAT,
    table.FORMAT,
    wazuh.FORMAT,
    windows.FORMAT,
    xarf.FORMAT,
    zeek.FORMAT,
)


@cache
def formats() -> dict[str, Format]:
    """The shipped formats and those of installed packages, by name; ours win."""
    return extensions("zvon.formats") | {each.name: each for each in SHIPPED}
