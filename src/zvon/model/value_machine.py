r"""What malware leaves on a machine: paths, registry keys, pipes, names of things that run.

Every function takes text without blanks around it and raises `ValueError` when it is none. What
Windows does not tell apart by case becomes small; paths keep theirs, as other systems need it.
"""

import re
import unicodedata

_ROOTS = {
    "hklm": "hkey_local_machine", "hkcu": "hkey_current_user", "hkcr": "hkey_classes_root",
    "hku": "hkey_users", "hkcc": "hkey_current_config", "hkpd": "hkey_performance_data",
}  # fmt: skip
_LONG = frozenset(_ROOTS.values()) | {"hkey_users"}
_MAC = re.compile(r"[0-9a-f]{12}")
_HOSTNAME = re.compile(r"[^\W_](?:[\w-]{0,61}\w)?(?:\.[^\W_](?:[\w-]{0,61}\w)?){0,8}\$?")
_MESSAGE = re.compile(r"[^\s<>@\"]{1,250}@[^\s<>@\"]{1,250}")
QUOTES = "\"'`„“”‚‘’«»‹›"


def storable(text: str) -> str:
    """Text as it stands. Raises `ValueError` for NUL and for half of a surrogate pair."""
    if "\x00" in text or any("\ud800" <= c <= "\udfff" for c in text):
        raise ValueError("the text holds a character that cannot be stored")
    return text


def spoken(text: str) -> str:
    """A name as somebody gave it: quotes around it and runs of blanks fall away."""
    value = " ".join(unicodedata.normalize("NFC", storable(text)).strip(QUOTES + " \t").split())
    if not value:
        raise ValueError("the name is empty")
    return value


def small(text: str) -> str:
    """A name that Windows does not tell apart by case: services, accounts."""
    return unicodedata.normalize("NFC", spoken(text).casefold())


def path(text: str) -> str:
    r"""`C:\\Temp\\a.exe` of a JSON text is `C:\Temp\a.exe`; the drive's letter is a capital."""
    value = spoken(text)
    if re.match(r"(?:[A-Za-z]:|%[A-Za-z_()0-9]+%)?\\", value):
        share = value.startswith("\\\\")
        value = re.sub(r"\\{2,}", lambda _: "\\", value)
        value = "\\" + value if share else value
    if re.match(r"[a-z]:[\\/]", value):
        value = value[0].upper() + value[1:]
    if not re.search(r"[\\/]", value):
        raise ValueError("a path has a separator")
    return value


def regkey(text: str) -> str:
    r"""`HKLM:\Software\Run` is `hkey_local_machine\software\run`."""
    value = re.sub(r"[\\/]+", r"\\", small(text)).strip("\\")
    root, slash, rest = value.partition("\\")
    root = root.removesuffix(":").strip("[]")
    root = _ROOTS.get(root, root)
    if root not in _LONG or not slash:
        raise ValueError("expected a root such as HKLM and a key")
    return f"{root}\\{rest.rstrip(']')}"


def pipe(text: str) -> str:
    r"""`\\.\pipe\msagent_12`, also for a name without the prefix."""
    value = re.sub(r"^\\{0,4}\.?\\{0,2}pipe\\{1,2}", "", small(text))
    if not value.strip("\\"):
        raise ValueError("the name of the pipe is empty")
    return "\\\\.\\pipe\\" + value.strip("\\")


def mac(text: str) -> str:
    """`aa:bb:cc:dd:ee:ff` (IEEE 802), from colons, hyphens, dots or none."""
    value = re.sub(r"[:.\- ]", "", text).lower()
    if not _MAC.fullmatch(value):
        raise ValueError("expected 12 hexadecimal digits")
    return ":".join(value[i : i + 2] for i in range(0, 12, 2))


def hostname(text: str) -> str:
    """The name of a machine inside, small; it need not be one of the DNS."""
    value = unicodedata.normalize("NFC", storable(text).casefold()).rstrip(".")
    if not _HOSTNAME.fullmatch(value) or value.isdigit() or len(value) > 253:
        raise ValueError("expected the name of a machine")
    return value


def message_id(text: str) -> str:
    """The `Message-ID` of a mail without its brackets (RFC 5322, 3.6.4); the domain is small."""
    value = storable(text).strip("<> ")
    if not _MESSAGE.fullmatch(value):
        raise ValueError("expected <left@right>")
    left, _, right = value.rpartition("@")
    return f"{left}@{unicodedata.normalize('NFC', right.casefold())}"
