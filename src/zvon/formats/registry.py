"""Every format that sources are read in, by name; one file each. `formats.detect` chooses."""

from functools import cache

from zvon.extend import extensions
from zvon.formats import batch
from zvon.formats.intel import misp, table
from zvon.formats.log import eve
from zvon.model.item import Format

# In order of their names; each file has one `FORMAT`.
SHIPPED: tuple[Format, ...] = (
    batch.FORMAT,
    eve.FORMAT,
    misp.FORMAT,
    table.FORMAT,
)


@cache
def formats() -> dict[str, Format]:
    """The shipped formats and those of installed packages, by name; ours win."""
    return extensions("zvon.formats") | {each.name: each for each in SHIPPED}
