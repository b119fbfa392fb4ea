"""The sheets of a workbook (ISO/IEC 29500-1, 18): cells as text, tabs between them.

A formula is not calculated: the value that the program stored beside it is read.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from html import unescape

MAX_ROWS = 1_048_576
MAX_COLUMNS = 500
MAX_CELLS = 2_000_000

_STRING = re.compile(r"<si\b[^>]*>(.*?)</si>", re.DOTALL)
_TEXT = re.compile(r"<t\b[^<>]*>([^<]*)</t>")
_ROW = re.compile(r"<row\b[^<>]*>(.*?)</row>", re.DOTALL)
_CELL = re.compile(r"<c\b([^<>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)
_ATTRIBUTE = re.compile(r"\b(r|t|s)=\"([^\"]*)\"")
_VALUE = re.compile(r"<v\b[^<>]*>([^<]*)</v>")
_SHEET = re.compile(r"<sheet\b[^<>]*>")
_NAMED = re.compile(r"\b(name|r:id)=\"([^\"]*)\"")
_STYLES = re.compile(r"<cellXfs\b.*?</cellXfs>", re.DOTALL)
_XF = re.compile(r"<xf\b[^<>]*\bnumFmtId=\"(\d+)\"")
_FORMAT = re.compile(r"<numFmt\b[^<>]*>")
_FORMAT_PART = re.compile(r"\b(numFmtId|formatCode)=\"([^\"]*)\"")
_DATES = frozenset({*range(14, 23), *range(45, 48)})
_EPOCH = datetime(1899, 12, 30)  # noqa: DTZ001  a workbook's times have no zone


def sheets(xml: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Name and text of each sheet, in the order of the workbook; `xml` are its files by name."""
    strings = [
        unescape("".join(_TEXT.findall(each)))
        for each in _STRING.findall(xml.get("xl/sharedStrings.xml", ""))
    ]
    dates = _date_styles(xml.get("xl/styles.xml", ""))
    left = MAX_CELLS
    for name, file in _order(xml):
        lines: list[str] = []
        for row in _ROW.finditer(xml.get(file, "")):
            cells: list[str] = []
            for cell in _CELL.finditer(row[1]):
                left -= 1
                at = dict(_ATTRIBUTE.findall(cell[1]))
                column = _column(at.get("r", ""), len(cells))
                if column >= MAX_COLUMNS:
                    break
                cells += [""] * (column - len(cells) + 1)
                cells[column] = _cell(at, cell[2] or "", strings, dates)
            lines.append("\t".join(cells).rstrip("\t"))
            if left <= 0 or len(lines) >= MAX_ROWS:
                break
        yield name, "\n".join(lines).strip("\n")


def _order(xml: Mapping[str, str]) -> list[tuple[str, str]]:
    """The sheets as the workbook lists them, else as their files are numbered."""
    files = sorted((name for name in xml if re.fullmatch(r"xl/worksheets/[^/]+\.xml", name)),
                   key=lambda name: (len(name), name))  # fmt: skip
    names = [unescape(dict(_NAMED.findall(each)).get("name", ""))
             for each in _SHEET.findall(xml.get("xl/workbook.xml", ""))]  # fmt: skip
    if len(names) != len(files):
        return [(name.rpartition("/")[2].removesuffix(".xml"), name) for name in files]
    return list(zip(names, files, strict=True))


def _cell(at: Mapping[str, str], inner: str, strings: list[str], dates: frozenset[int]) -> str:
    """A cell as a person sees it: shared text, text of its own, a date, or what stands there."""
    found = _VALUE.search(inner)
    value = unescape(found[1]) if found else ""
    match at.get("t", "n"):
        case "s":
            number = int(value) if value.isascii() and value.isdigit() else -1
            text = strings[number] if 0 <= number < len(strings) else ""
        case "inlineStr":
            text = unescape("".join(_TEXT.findall(inner)))
        case "n" if at.get("s", "").isdigit() and int(at["s"]) in dates:
            text = _date(value)
        case _:
            text = value
    return re.sub(r"[\t\r\n]+", " ", text).replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _date(value: str) -> str:
    try:
        return (_EPOCH + timedelta(days=float(value))).isoformat(" ", "seconds")
    except (ValueError, OverflowError):
        return value


def _date_styles(xml: str) -> frozenset[int]:
    """The styles of cells that show a number as a date."""
    own = {
        pairs.get("numFmtId", "")
        for pairs in (dict(_FORMAT_PART.findall(each)) for each in _FORMAT.findall(xml))
        if re.search(r"[ymdhs]", re.sub(r"\[[^\]]*\]|\"[^\"]*\"|&quot;.*?&quot;", "",
                                        pairs.get("formatCode", "").lower()))
    }  # fmt: skip
    cells = _STYLES.search(xml)
    numbers = _XF.findall(cells[0]) if cells else []
    return frozenset(
        at for at, number in enumerate(numbers) if int(number) in _DATES or number in own
    )


def _column(reference: str, otherwise: int) -> int:
    """`C7` is column 2; without a reference a cell follows the one before."""
    number = 0
    for char in reference:
        if not "A" <= char <= "Z":
            break
        number = number * 26 + ord(char) - 64
    return min(number, MAX_COLUMNS + 1) - 1 if number else otherwise
