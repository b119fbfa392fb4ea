"""Outlook messages (MS-OXMSG) written by hand: a compound file (MS-CFB) of streams and storages."""

import struct
from collections.abc import Mapping
from typing import Union

Tree = Mapping[str, Union[bytes, "Tree"]]

SECTOR, MINI, CUTOFF = 512, 64, 4096
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
STRING, BINARY, LONG = 0x001F, 0x0102, 0x0003


def message(
    *,
    subject: str,
    text: str = "",
    html: str = "",
    rtf: bytes = b"",
    sender: str = "",
    head: str = "",
    attached: Mapping[str, bytes] = {},
    inner: Tree | None = None,
    top: bool = True,
) -> Tree:
    """The tree of a message; `inner` is the tree of a message attached to it."""
    strings = {0x0037: subject, 0x1000: text, 0x0C1F: sender, 0x007D: head}
    properties = {
        (pid, STRING): value.encode("utf-16-le") for pid, value in strings.items() if value
    }
    if html:
        properties[0x1013, BINARY] = html.encode()
    if rtf:  # not compressed (MS-OXRTFCP 2.1.3.1.2)
        wrapping = struct.pack("<III4x", len(rtf) + 12, len(rtf), 0x414C454D)
        properties[0x1009, BINARY] = wrapping + rtf
    tree: dict[str, bytes | Tree] = {}
    for number, (name, content) in enumerate(attached.items()):
        file = {(0x3707, STRING): name.encode("utf-16-le"), (0x3701, BINARY): content}
        tree[f"__attach_version1.0_#{number:08X}"] = _storage(file, 8, {0x3705: 1})
    if inner is not None:
        tree[f"__attach_version1.0_#{len(attached):08X}"] = {
            **_storage({}, 8, {0x3705: 5}), "__substg1.0_3701000D": inner,
        }  # fmt: skip
    count = len(attached) + (inner is not None)
    return {**_storage(properties, 32 if top else 24, {0x3FDE: 65001}, count), **tree}


def _storage(
    properties: Mapping[tuple[int, int], bytes],
    head: int,
    numbers: Mapping[int, int],
    count: int = 0,
) -> dict[str, bytes | Tree]:
    rows = b"".join(
        struct.pack("<HHIII", kind, pid, 6, len(value) + (2 if kind == STRING else 0), 0)
        for (pid, kind), value in properties.items()
    ) + b"".join(
        struct.pack("<HHIII", LONG, pid, 6, value, 0) for pid, value in numbers.items()
    )  # fmt: skip
    top = struct.pack("<8x4I", 0, count, 0, count).ljust(head, b"\0")[:head]
    tree: dict[str, bytes | Tree] = {"__properties_version1.0": top + rows}
    for (pid, kind), value in properties.items():
        tree[f"__substg1.0_{pid:04X}{kind:04X}"] = value
    return tree


def compound(tree: Tree) -> bytes:
    """The compound file that holds `tree`."""
    entries: list[list[object]] = [["Root Entry", 5, None, FREE, FREE, FREE]]
    _add(entries, 0, tree)
    mini = bytearray()
    minifat: list[int] = []
    sectors: list[bytes] = []
    fat: list[int] = []

    def put(data: bytes) -> int:
        if not data:
            return END
        start = len(sectors)
        pieces = [data[i : i + SECTOR].ljust(SECTOR, b"\0") for i in range(0, len(data), SECTOR)]
        sectors.extend(pieces)
        fat.extend([*range(start + 1, start + len(pieces)), END])
        return start

    starts: dict[int, tuple[int, int]] = {}
    for number, entry in enumerate(entries):
        data = entry[2]
        if not isinstance(data, bytes):
            continue
        if len(data) >= CUTOFF:
            starts[number] = (put(data), len(data))
            continue
        first, pieces = len(minifat), -(-len(data) // MINI)
        minifat.extend([*range(first + 1, first + pieces), END] if pieces else [])
        mini += data.ljust(pieces * MINI, b"\0")
        starts[number] = (first if pieces else END, len(data))
    starts[0] = (put(bytes(mini)), len(mini))
    minifat_start = put(b"".join(struct.pack("<I", n) for n in minifat).ljust(1, b"\xff"))
    minifat_count = -(-max(1, 4 * len(minifat)) // SECTOR)
    directory = b"".join(
        _entry(entry, *starts.get(number, (0, 0))) for number, entry in enumerate(entries)
    )
    directory_start = put(directory.ljust(-(-len(directory) // SECTOR) * SECTOR, b"\0"))
    fat_sectors = 1
    while (len(fat) + fat_sectors) * 4 > fat_sectors * SECTOR:
        fat_sectors += 1
    fat_start = len(sectors)
    fat += [FAT] * fat_sectors
    table = b"".join(struct.pack("<I", n) for n in fat).ljust(fat_sectors * SECTOR, b"\xff")
    difat = [*range(fat_start, fat_start + fat_sectors)]
    head = struct.pack(
        "<8s16xHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", 0x3E, 3, 0xFFFE, 9, 6, 0,
        fat_sectors, directory_start, 0, CUTOFF, minifat_start, minifat_count, END, 0,
    )  # fmt: skip
    head += b"".join(struct.pack("<I", n) for n in (difat + [FREE] * 109)[:109])
    return head + b"".join(sectors) + table


def _add(entries: list[list[object]], parent: int, tree: Tree) -> None:
    """Append the children of `parent`; each is the right sibling of the one before."""
    before = None
    for name in sorted(tree, key=lambda each: (len(each), each.upper())):
        value = tree[name]
        number = len(entries)
        leaf = isinstance(value, bytes)
        entries.append([name, 2 if leaf else 1, value if leaf else None, FREE, FREE, FREE])
        if before is None:
            entries[parent][5] = number
        else:
            entries[before][4] = number
        before = number
        if not isinstance(value, bytes):
            _add(entries, number, value)


def _entry(entry: list[object], start: int, size: int) -> bytes:
    name, kind, _, left, right, child = entry
    text = str(name).encode("utf-16-le") + b"\0\0"
    return struct.pack(
        "<64sHBBIII16xI8x8xIQ", text, len(text), kind, 1, left, right, child, 0, start, size
    )
