"""What may leave: values that only this package's gate can make, and that every way out takes."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, final
from uuid import UUID

from zvon.model.disclosure import Door
from zvon.model.policy import Policy


class Pass:
    """Held by the gate alone (`share.release`, `share.outgoing`); without it nothing is released."""

    __slots__ = ()


PASS: Final = Pass()


class _Fixed:
    """A value that was let out and cannot change any more."""

    __slots__ = ()

    def __init__(self, given: Pass, **fields: object) -> None:
        if given is not PASS:
            raise TypeError(f"only the sharing gate makes a {type(self).__name__} value")
        for name, value in fields.items():
            object.__setattr__(self, name, value)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a {type(self).__name__} value cannot change: {name}")

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"  # what it holds does not belong in a log


@final
class Released(_Fixed):
    """An event that passed the gate and was released by a person to a group."""

    __slots__ = ("event", "group_uuid", "policy", "share_id")
    share_id: int
    group_uuid: UUID
    policy: Policy
    event: dict[str, Any]

    def __init__(
        self, given: Pass, *, share_id: int, group_uuid: UUID, policy: Policy, event: dict[str, Any]
    ) -> None:
        super().__init__(
            given, share_id=share_id, group_uuid=group_uuid, policy=policy, event=event
        )


@final
class ReleasedText(_Fixed):
    """Texts that passed the gate for one door and recipient, by the name of the part.

    `whole` are the names of parts that left as they came.
    """

    __slots__ = ("door", "policy", "recipient", "texts", "whole")
    door: Door
    recipient: str
    policy: Policy
    texts: Mapping[str, str]
    whole: frozenset[str]

    def __init__(
        self, given: Pass, *, door: Door, recipient: str, policy: Policy,
        texts: Mapping[str, str], whole: frozenset[str],
    ) -> None:  # fmt: skip
        super().__init__(
            given, door=door, recipient=recipient, policy=policy,
            texts=MappingProxyType(dict(texts)), whole=whole,
        )  # fmt: skip


@final
class ReleasedFiles(_Fixed):
    """Files by name, rebuilt by the gate; their final bytes were searched."""

    __slots__ = ("door", "files", "policy", "recipient")
    door: Door
    recipient: str
    policy: Policy
    files: Mapping[str, bytes]

    def __init__(
        self, given: Pass, *, door: Door, recipient: str, policy: Policy, files: Mapping[str, bytes]
    ) -> None:
        super().__init__(
            given, door=door, recipient=recipient, policy=policy,
            files=MappingProxyType(dict(files)),
        )  # fmt: skip
