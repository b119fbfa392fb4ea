"""The twelve reports through the gate: nothing of the victim is left, everything needed stays."""

import base64
import re
from typing import Any
from urllib.parse import quote

import pytest

from zvon.formats.decode import decode
from zvon.model.marking import Tlp
from zvon.model.policy import Agreement, HackedSite, Policy, compile_policy
from zvon.model.report import Channel
from zvon.privacy.engine import Status
from zvon.privacy.facts import Facts, with_brands
from zvon.privacy.fold import fold
from zvon.privacy.pseudonym import Domain
from zvon.respond.fixtures import IDS, Fixture, fixture
from zvon.share.gate import Gated, known_sides, pass_event

SHARED = [i for i in IDS if fixture(i).expect.get("shared", True)]


def event_of(report: Fixture) -> dict[str, Any]:
    """The event as the share desk builds it from one report."""
    message = decode(report.body, report.media_type, Channel(report.channel))
    parts = {
        "message.subject": message.subject,
        "message.sender_name": message.sender_name,
        "message.text": message.text,
        "message.remark": message.remark,
    }
    name = report.expect.get("name")
    return {
        "uuid": None,
        "title": {"code": "TITLE_PHISHING", "params": {"brand": report.expect.get("brand", "")}},
        "parts": {k: v for k, v in parts.items() if v},
        "names": [{"name": name, "scope": report.expect["scope"], "reason": "OWN_REGISTRATION"}]
        if name
        else [],
        "observables": [
            {"type": m.observable.type.value, "value": m.observable.value, "side": m.side}
            for m in message.mentions
        ],
        "reasons": [{"code": "BRAND_NOT_OFFICIAL", "params": {"name": name or ""}}],
        "verdict": "malicious",
        "category": report.expect["category"],
        "brand": report.expect.get("brand"),
        "counts": {"reports": 1},
        "countries": [report.node.upper()],
        "tlp": int(Tlp.AMBER),
        "pap": 1,
        "lang": report.lang,
    }


def policy(group: str, **agreed: Any) -> Policy:
    return compile_policy(Agreement(**agreed), group=group, tlp=[Tlp.AMBER])


def through(report: Fixture, group: str = "g1", epoch: str = "2026-12", **agreed: Any) -> Gated:
    event = event_of(report)
    if report.expect["category"] == "compromised_site":
        agreed.setdefault("hacked_site", HackedSite.KEEP_URL)
    keys = Domain(group, epoch, (group + epoch).encode().ljust(32, b"."))
    facts = known_sides(event, with_brands(Facts()))
    return pass_event(event, facts=facts, policy=policy(group, **agreed), keys=keys)


def everything(value: Any) -> str:
    """Every string of the event, keys too, one per line."""
    if isinstance(value, dict):
        return "\n".join(f"{k}\n{everything(v)}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return "\n".join(everything(v) for v in value)
    return str(value)


def encodings(secret: str) -> set[str]:
    """How a secret could still stand in a text."""
    raw = secret.encode()
    plain = {secret, fold(secret), secret[::-1], quote(secret, safe=""), raw.hex()}
    plain |= {"".join(f"={b:02X}" for b in raw)}
    if len(raw) >= 6:
        for lead in range(3):
            code = base64.b64encode(b"\0" * lead + raw).decode().rstrip("=")
            plain.add(code[(lead * 8 + 5) // 6 : (lead + len(raw)) * 8 // 6])
    return plain


@pytest.mark.parametrize("name", SHARED)
def test_no_secret_of_a_report_leaves_in_any_coding(name: str) -> None:
    report = fixture(name)
    gated = through(report)
    texts = gated.outcome.preview if gated.event is None else gated.event
    told = {k: v for k, v in texts.items() if not k.endswith(".remark")}
    left = everything(told)
    for secret in report.expect["leak_forbidden"]:
        for form in encodings(secret):
            assert not stands_in(form, left), form


def stands_in(form: str, text: str) -> bool:
    """Short words count as words only: `ivan` is no part of `otkazivanje`."""
    edge = r"(?<![^\W_])" if form.isalpha() and len(form) < 6 else ""
    return re.search(edge + re.escape(fold(form)) + edge.replace("<", ""), fold(text)) is not None


# R11 needs the second hop, R10 the code in the picture: both are read in a later issue.
NEEDS_MORE = {"R10", "R11"}


@pytest.mark.parametrize("name", [n for n in SHARED if n not in NEEDS_MORE])
def test_what_partners_need_is_released(name: str) -> None:
    report = fixture(name)
    gated = through(report)
    asks = [(s.part, s.type, s.evidence) for s in gated.outcome.spans if s.state.value == "ask"]
    assert gated.event is not None, (gated.outcome.status, asks, gated.outcome.residue)
    left = everything(gated.event)
    for needed in report.expect["keep_required"]:
        assert needed in left


def test_equal_people_get_equal_tokens_in_one_group_and_epoch_only() -> None:
    report = fixture("R12")
    token = next(iter(through(report).outcome.vault))
    assert token in through(report).outcome.vault
    assert token not in through(report, group="g2").outcome.vault
    assert token not in through(report, epoch="2027-01").outcome.vault


def test_what_the_reporter_said_of_himself_is_no_part_of_the_event() -> None:
    gated = through(fixture("R01"))
    assert gated.event is not None
    assert "message.remark" not in gated.event["parts"]
    assert all(o["type"] != "phone" for o in gated.event["observables"])


def test_the_kinds_of_account_and_number_stay_when_their_values_go() -> None:
    text = through(fixture("R12")).event
    assert text is not None
    assert "iban-si-" in text["parts"]["message.text"]
    assert "phone-gb-" in text["parts"]["message.text"]


def test_an_agreement_of_banks_keeps_the_account() -> None:
    gated = through(fixture("R12"), mule_iban="keep", sender_phone="keep")
    asked = {s.type for s in gated.outcome.spans if s.state.value == "ask"}
    kept = {s.text for s in gated.outcome.spans if s.state.value == "keep"}
    assert "SI56990000000000068" in kept or "IBAN" in asked


def test_red_is_refused_and_shows_no_text() -> None:
    event = event_of(fixture("R01")) | {"tlp": 4}
    red = compile_policy(Agreement(), group="g1", tlp=[Tlp.RED])
    gated = pass_event(event, facts=Facts(), policy=red, keys=Domain("g1", "e", b"k" * 32))
    assert gated.outcome.status is Status.REFUSED
    assert gated.event is None
    assert gated.outcome.shared == {}
