"""Pseudonym keys in files, for the commands that need no node: one file per group and epoch."""

import os
import re
from pathlib import Path

from zvon.privacy.pseudonym import KEY_BYTES, Domain


class BadKeyring(ValueError):
    """The key folder or a key in it cannot be used; nothing leaves."""


def default_folder() -> Path:
    """Where keys are kept when nobody says: below the user's own data."""
    root = os.environ.get("ZVON_ROOT") or os.environ.get("XDG_DATA_HOME")
    return (Path(root) if root else Path.home() / ".local" / "share") / "zvon-pseudonym-keys"


def domain(folder: Path, group: str, epoch: str) -> Domain:
    """The domain of a group and epoch; a missing key is made. Raises `BadKeyring`.

    The folder gets mode 0700 and each key 0600. An existing file that is no key is never replaced.
    """
    if not re.fullmatch(r"[\w.-]{1,80}", group) or not re.fullmatch(r"[\w-]{1,40}", epoch):
        raise BadKeyring("a group and an epoch are plain words")
    path = folder / f"{group}.{epoch}.key"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            text = path.read_text(encoding="ascii").strip()
        else:
            text = os.urandom(KEY_BYTES).hex()
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(text + "\n")
                file.flush()
                os.fsync(file.fileno())
    except (OSError, UnicodeDecodeError) as problem:
        raise BadKeyring(f"the key {path} cannot be read: {problem}") from None
    if not re.fullmatch(r"[0-9a-f]{64}", text):
        raise BadKeyring(f"{path} does not hold a key of {KEY_BYTES} bytes in hexadecimal")
    return Domain(group, epoch, bytes.fromhex(text))
