"""The files of an archive by name, size and SHA-256; what is locked or damaged is only named."""

import hashlib

from zvon.collect.open.archive import members
from zvon.collect.open.budget import Budget, Unreadable
from zvon.collect.rebuild.answer import Listing, Member


def read(body: bytes) -> Listing:
    """List an archive. Raises nothing: one that cannot be read has a `reason`."""
    found: list[Member] = []
    try:
        for name, held in members(body, Budget()):
            if isinstance(held, Unreadable):
                found.append(Member(name=name, state=held.reason))
            else:
                digest = hashlib.sha256(held).hexdigest()
                found.append(Member(name=name, size=len(held), sha256=digest))
    except Unreadable as problem:
        return Listing(reason=problem.reason)
    except (OSError, ValueError, RuntimeError, LookupError, MemoryError) as problem:
        return Listing(reason=f"a damaged archive ({type(problem).__name__})")
    return Listing(members=tuple(found))
