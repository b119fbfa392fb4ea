"""How a table is read: its dialect, and what each column means. Proposed, then confirmed."""

from typing import Literal

from msgspec import Struct

from zvon.model.observable import ObservableType

Meaning = Literal["value", "time", "title", "tag", "reference", "id", "tlp", "ignore", "keep"]


class Column(Struct, frozen=True, kw_only=True):
    """One column, by its number from 0 and its name in the header, if there is one.

    `type` is that of the values in a column that means `value`; none: each cell is read for
    whatever it is. `role` is `model.item.ValueRole`. `form` is the pattern of a time (`strptime`),
    `epoch` for seconds since 1970, or empty for ISO 8601. `sure` (0 to 1) and `why` are of the
    proposal. `keep`: stays in the payload and means nothing else.
    """

    index: int
    name: str = ""
    means: Meaning = "keep"
    type: ObservableType | None = None
    role: str = "said"
    form: str = ""
    sure: float = 1.0
    why: str = ""


class Mapping(Struct, frozen=True, kw_only=True):
    """The dialect of a table and its columns. `skip` lines stand before the header or the data.

    `rows` says what a row is: an indicator, known by its values however often it comes; an alert,
    each of which counts; or a line of a log.
    """

    delimiter: str = ","
    quote: str = '"'
    comment: str = "#"
    header: bool = True
    skip: int = 0
    encoding: str = "utf-8"
    columns: tuple[Column, ...] = ()
    rows: Literal["indicator", "alert", "log"] = "indicator"
