"""Every format that sources are read in, by name; one file each. `formats.detect` chooses."""

from functools import cache

from zvon.extend import extensions
from zvon.formats import batch
from zvon.formats.document import chat, mbox, whole
from zvon.formats.intel import (
    html_table,
    idea,
    intelmq,
    misp,
    n6,
    name_lists,
    openioc,
    shadowserver,
    sigma,
    stix,
    table,
    xarf,
    yara,
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
    auditd.FORMAT,
    batch.FORMAT,
    cef.FORMAT,
    *chat.FORMATS,
    elastic.FORMAT,
    eve.FORMAT,
    html_table.FORMAT,
    idea.FORMAT,
    intelmq.FORMAT,
    journald.FORMAT,
    json_lines.FORMAT,
    leef.FORMAT,
    mbox.FORMAT,
    misp.FORMAT,
    n6.FORMAT,
    *name_lists.FORMATS,
    openioc.FORMAT,
    shadowserver.FORMAT,
    sigma.FORMAT,
    stix.FORMAT,
    syslog.FORMAT,
    table.FORMAT,
    wazuh.FORMAT,
    *whole.FORMATS,
    windows.FORMAT,
    xarf.FORMAT,
    yara.FORMAT,
    zeek.FORMAT,
)


@cache
def formats() -> dict[str, Format]:
    """The shipped formats and those of installed packages, by name; ours win."""
    return extensions("zvon.formats") | {each.name: each for each in SHIPPED}
