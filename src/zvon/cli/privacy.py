"""`zvon privacy`: what would leave to a group, decided on this machine alone."""

import os
import re
import sys
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
from cyclopts import App, Parameter
from msgspec import Struct

app = App(name="privacy", help="What leaves this node, and what stays.", help_format="plaintext")

RELEASED, BAD_INPUT, HELD, REFUSED, RESIDUE = 0, 2, 3, 4, 5
EXIT = {"released": RELEASED, "held": HELD, "refused": REFUSED, "residue": RESIDUE}
_LABEL = re.compile(r"(?i)\b(TLP|PAP)\s*:\s*([A-Z]+(?:\+STRICT)?)")
MAX_TEXT = 50 * 1024 * 1024

Lang = Literal["auto", "sl", "hr", "en"]


class Line(Struct, frozen=True):
    """One line of a batch; other keys are ignored."""

    id: str
    text: str
    lang: str | None = None


class Gate:
    """Everything that is read once for a run: agreement, register, key."""

    def __init__(
        self, group: str, policy: Path | None, registry: Sequence[Path], keys: Path | None,
        epoch: str | None, lang: Lang,
    ) -> None:  # fmt: skip
        from zvon.cli import keyring
        from zvon.privacy.facts import read_register, with_brands
        from zvon.privacy.tables import agreements

        known = agreements(policy)
        if group not in known:
            raise ValueError(f"no group {group!r}; there are {', '.join(sorted(known))}")
        self.agreement = known[group]
        register = read_register(path.read_text(encoding="utf-8") for path in registry)
        self.facts = msgspec.structs.replace(
            with_brands(register), lang=None if lang == "auto" else lang
        )
        self.epoch = epoch or f"{datetime.now(UTC):%Y-%m}"
        self.keys = keyring.domain(keys or keyring.default_folder(), group, self.epoch)
        self.group = group

    def decide(self, raw: bytes, kind: str, id: str, lang: str | None = None) -> dict[str, Any]:
        """The decision on one text or mail. Raises `BadMail` or `UnicodeDecodeError`."""
        from zvon.model.policy import compile_policy
        from zvon.privacy.decision import decision
        from zvon.privacy.engine import Part, share_text
        from zvon.privacy.mail import open_mail

        start = time.perf_counter()
        parts = [Part("text", raw.decode("utf-8-sig"))] if kind == "txt" else open_mail(raw)
        labels: dict[str, list[str]] = {"TLP": [], "PAP": []}
        for part in parts:
            for found in _LABEL.finditer(part.text):
                labels[found[1].upper()].append(found[2])
        policy = compile_policy(
            self.agreement,
            group=self.group,
            tlp=labels["TLP"] or [self.agreement.max_tlp],
            pap=labels["PAP"],
        )
        facts = msgspec.structs.replace(self.facts, lang=lang) if lang else self.facts
        outcome = share_text(parts, facts=facts, policy=policy, keys=self.keys)
        ms = (time.perf_counter() - start) * 1000
        return decision(outcome, policy, id=id, kind=kind, raw=raw, epoch=self.epoch, ms=ms)


@app.command
def share(
    input: Path | None = None,
    /,
    *,
    group: str,
    out: Path | None = None,
    jsonl: Path | None = None,
    out_jsonl: Path | None = None,
    policy: Path | None = None,
    registry: Annotated[list[Path] | None, Parameter(consume_multiple=True)] = None,
    keys: Path | None = None,
    epoch: str | None = None,
    type: Literal["auto", "txt", "eml"] = "auto",
    lang: Lang = "auto",
) -> int:
    """Decide what of INPUT may go to a group; write the decision, a preview and, when clean, the text.

    Exit 0 released, 3 held (something to decide), 4 refused by policy, 5 residue found, 2 bad
    input. With --jsonl every line `{"id","text","lang"?}` is decided and written to --out-jsonl.
    """
    try:
        gate = Gate(group, policy, registry or (), keys, epoch, lang)
        if jsonl is not None:
            if out_jsonl is None or input is not None:
                return _bad("--jsonl needs --out-jsonl and no INPUT")
            return _batch(gate, jsonl, out_jsonl)
        if input is None or out is None:
            return _bad("give INPUT and --out, or --jsonl and --out-jsonl")
        return _one(gate, input, out, type)
    except (ValueError, OSError) as problem:
        return _bad(_safe(problem))


def _bad(message: str) -> int:
    print(f"zvon: {message}", file=sys.stderr)
    return BAD_INPUT


def _safe(problem: Exception) -> str:
    """A message without a piece of the input in it."""
    if isinstance(problem, UnicodeDecodeError):
        return f"the input is not UTF-8 (byte {problem.start})"
    return str(problem)


def _one(gate: Gate, path: Path, out: Path, kind: str) -> int:
    from zvon.privacy.mail import MAX_BYTES, rebuilt

    if path.stat().st_size > MAX_BYTES:
        return _bad(f"{path} has more than {MAX_BYTES} bytes")
    chosen = ("eml" if path.suffix.lower() == ".eml" else "txt") if kind == "auto" else kind
    row = gate.decide(path.read_bytes(), chosen, path.stem)
    out.mkdir(parents=True, exist_ok=True)
    for stale in ("shared.txt", "shared.eml"):
        (out / stale).unlink(missing_ok=True)
    _private(out / "decision.json", msgspec.json.format(msgspec.json.encode(row), indent=1))
    _private(out / "preview.txt", row["preview_text"].encode("utf-8", "surrogatepass"))
    if row["status"] == "released":
        (out / "shared.txt").write_bytes(row["shared_text"].encode("utf-8", "surrogatepass"))
        if chosen == "eml":
            (out / "shared.eml").write_bytes(rebuilt(_texts(row["shared_text"])))
    asks = sum(span["state"] == "ask" for span in row["spans"])
    print(f"{row['status']}: {len(row['spans'])} spans, {asks} to decide, {row['reason']}")
    return EXIT[row["status"]]


def _texts(shared: str) -> dict[str, str]:
    pieces = re.split(r"(?:^|\n\n)\[([\w.-]+)\]\n", shared)
    return dict(zip(pieces[1::2], pieces[2::2], strict=False))


def _private(path: Path, content: bytes) -> None:
    """Write a file that holds originals: for this user alone, whatever was there before."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)


def _batch(gate: Gate, path: Path, out: Path) -> int:
    """Lines are decided one by one; a malformed one is answered and the others still come out."""
    malformed = 0
    temporary = out.with_name(out.name + ".part")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with path.open("rb") as lines, os.fdopen(handle, "wb") as file:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                item = msgspec.json.decode(line, type=Line)
                row = gate.decide(item.text.encode("utf-8", "surrogatepass"), "txt", item.id, item.lang)  # fmt: skip
            except (msgspec.DecodeError, UnicodeDecodeError, ValueError) as problem:
                malformed += 1
                reason = f"line {number}: {type(problem).__name__}"
                print(f"zvon: {path}: {reason}", file=sys.stderr)
                row = {"schema": "zvon.privacy.decision/1", "id": f"line-{number}", "status": "error",
                       "error": reason, "shared_text": None, "spans": []}  # fmt: skip
            file.write(msgspec.json.encode(row) + b"\n")
    temporary.replace(out)
    return BAD_INPUT if malformed else RELEASED


@app.command(name="eval")
def evaluate(
    *,
    gold: Annotated[list[Path], Parameter(consume_multiple=True)],
    group: str = "demo-amber",
    policy: Path | None = None,
    registry: Annotated[list[Path] | None, Parameter(consume_multiple=True)] = None,
    lang: Lang = "auto",
    json: bool = False,
) -> int:
    """Measure the gate on labelled mails: recall, indicators kept, leak-free, asked, released."""
    from zvon.model.policy import compile_policy
    from zvon.privacy.engine import Part, share_text
    from zvon.privacy.facts import read_register, with_brands
    from zvon.privacy.gold import GoldMail, Score, judge
    from zvon.privacy.pseudonym import KEY_BYTES, Domain
    from zvon.privacy.tables import agreements

    agreement = agreements(policy)[group]
    compiled = compile_policy(agreement, group=group, tlp=[agreement.max_tlp])
    register = read_register(p.read_text(encoding="utf-8") for p in registry or ())
    facts = with_brands(register)
    keys = Domain(group, "eval", os.urandom(KEY_BYTES))
    mails = [
        msgspec.json.decode(line, type=GoldMail)
        for path in gold
        for line in path.read_bytes().splitlines()
        if line.strip()
    ]
    total = Score()
    spent = 0.0
    for mail in mails:
        start = time.perf_counter()
        said = mail.lang if lang == "auto" else lang
        outcome = share_text(
            [Part("text", mail.text)],
            facts=msgspec.structs.replace(facts, lang=said),
            policy=compiled,
            keys=keys,
        )
        spent += time.perf_counter() - start
        total += judge(mail, outcome)
    speed = len(mails) / spent if spent else 0.0
    if json:
        rows = {name: {"count": a, "of": b} for name, a, b in total.rows()}
        print(msgspec.json.encode({**rows, "mails_per_s": round(speed)}).decode())
    else:
        for name, count, of in total.rows():
            print(f"{name:45} {count / of if of else 0:.3f}  ({count} of {of})")
        print(f"{'mails/s, one core':45} {speed:.0f}")
    return 0
