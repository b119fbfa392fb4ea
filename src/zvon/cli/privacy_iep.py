"""`zvon privacy iep`: what a FIRST Information Exchange Policy means here."""

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from zvon.cli.api import JsonFlag

OK, BAD_INPUT = 0, 2


def iep(
    file: Annotated[Path, Parameter(help="A policy of FIRST IEP 2.0 as JSON.")], /, *,
    json: JsonFlag = False,
) -> int:  # fmt: skip
    """Say what the policy in FILE allows and forbids, and the marking that it amounts to here."""
    import msgspec

    from zvon.cli.sentence import sentences
    from zvon.config import Settings
    from zvon.model.iep import MAX_BYTES, BadIep, May, meaning, read

    try:
        with file.open("rb") as body:
            policy = read(body.read(MAX_BYTES + 1))
    except (BadIep, OSError) as problem:
        print(f"zvon: {file}: {problem}", file=sys.stderr)
        return BAD_INPUT
    said = meaning(policy, datetime.now(UTC))
    if json:
        marks = {"tlp": said.tlp.label, "pap": said.pap.label}
        print(msgspec.json.encode({**msgspec.to_builtins(said), **marks}).decode())
        return OK
    text = sentences(Settings().lang)
    print(f"{policy.name}: {said.tlp.label}, {said.pap.label}")
    lines = [
        text("It does not hold today: nothing may be done with it.") if not said.holds else "",
        text("Ask the provider before anything is done.") if said.asks_first else "",
        text("It must be encrypted when it is passed on.") if said.encrypt else "",
        text("Affected parties may be told.") if said.notify_affected
        else text("Affected parties must not be told."),
        {May.MUST: text("The provider must be named."), May.MAY: text("The provider may be named."),
         May.MUST_NOT: text("The provider must not be named.")}[said.name_provider],
        text("It may be sold as it is.") if said.resale else text("It must not be sold as it is."),
    ]  # fmt: skip
    print("\n".join(f"  {line}" for line in lines if line))
    return OK
