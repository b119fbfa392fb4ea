"""What is a victim's never leaves the machine; what is the attacker's does."""

import hashlib
from typing import Any

import msgspec
import pytest

from zvon.collect.collector.policy import Cleaner
from zvon.model.collector import Sharing
from zvon.model.item import Bad, Item, ItemKind, Value, ValueRole
from zvon.model.marking import Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.privacy.facts import Facts
from zvon.privacy.pseudonym import Domain
from zvon.privacy.register import Register
from zvon.privacy.register_entry import Entry
from zvon.privacy.tables import agreements

OURS = Facts(
    register=Register([
        Entry(kind="domain", value="banka.example"), Entry(kind="prefix", value="192.0.2.0/24"),
    ])
)  # fmt: skip


def cleaner(facts: Facts = OURS, policy: str = "demo-amber") -> Cleaner:
    sharing = Sharing(name=policy, agreement=agreements()[policy])
    return Cleaner(
        sharing, facts, lambda group: Domain(group, "2026-11", hashlib.sha256(b"k").digest())
    )


def value(type: ObservableType, text: str, role: ValueRole = ValueRole.SAID) -> Value:
    return Value(Observable(type, text), role)


def alert(payload: Any, *values: Value, **more: Any) -> Item:
    return Item(kind=ItemKind.ALERT, position="line 1", payload=payload, values=values, **more)


def cleaned(item: Item, by: Cleaner | None = None) -> Item:
    made = (by or cleaner()).clean(item)
    assert isinstance(made, Item), made
    return made


def test_an_alert_keeps_the_attacker_and_loses_the_victim() -> None:
    made = cleaned(
        alert(
            {"timestamp": "2026-11-22T08:00:00.000000+0000", "src_ip": "203.0.113.9",
             "dest_ip": "192.0.2.44", "user": {"name": "janez.novak@banka.example"},
             "alert": {"signature": "ET PHISHING evil-login.top", "severity": 1},
             "list": ["192.0.2.44", "TCP", 443, True, None, 1.5]},
            value(ObservableType.IPV4, "203.0.113.9"), value(ObservableType.IPV4, "192.0.2.44"),
            value(ObservableType.EMAIL, "janez.novak@banka.example", ValueRole.REPORTER),
            title="Login of janez.novak@banka.example from 203.0.113.9",
        )
    )  # fmt: skip
    text = msgspec.json.encode(made).decode()
    for secret in ("192.0.2.44", "janez", "novak", "banka.example"):
        assert secret not in text.lower()
    assert [v.observable.value for v in made.values] == ["203.0.113.9"]
    assert made.payload["src_ip"] == "203.0.113.9"
    assert made.payload["timestamp"] == "2026-11-22T08:00:00.000000+0000"
    assert made.payload["alert"]["signature"] == "ET PHISHING evil-login.top"
    assert made.payload["dest_ip"] == made.payload["list"][0], "the same address, the same mark"
    assert made.payload["list"][1:] == ["TCP", 443, True, None, 1.5]


def test_without_knowing_what_is_ours_an_address_in_an_alert_stays_here() -> None:
    made = cleaned(
        alert({"src_ip": "203.0.113.9"}, value(ObservableType.IPV4, "203.0.113.9")),
        cleaner(Facts()),
    )
    assert made.values == ()
    assert "203.0.113.9" not in str(made.payload)


def test_an_indicator_is_accused_by_its_source_and_stays() -> None:
    item = Item(
        kind=ItemKind.INDICATOR, position="", payload={"value": "evil-login.top"},
        values=(value(ObservableType.DOMAIN, "evil-login.top"),),
    )  # fmt: skip
    assert cleaned(item, cleaner(Facts())) == item


def test_keys_of_a_payload_and_long_numbers_are_looked_at_too() -> None:
    made = cleaned(alert({"seen": {"ana.kos@banka.example": 1}, "pan": 4111111111111111}))
    assert "ana.kos" not in str(made.payload)
    assert "4111111111111111" not in str(made.payload)


def test_what_the_policy_refuses_is_told_without_what_stood_in_it() -> None:
    for item in (
        alert({"note": "secret of Janez"}, tlp=Tlp.RED),
        alert(["x"] * 5000 and [f"text {n}" for n in range(5000)]),
        Item(kind=ItemKind.DOCUMENT, position="p", payload={"kind": "pdf", "body": b"%PDF-Janez"}),
    ):
        made = cleaner().clean(item)
        assert isinstance(made, Bad)
        assert "withheld by the policy demo-amber" in made.reason
        assert b"Janez" not in msgspec.json.encode(made)


def test_a_mail_leaves_as_its_cleaned_text() -> None:
    mail = (b"From: fraud@evil-login.top\r\nTo: ana.kos@banka.example\r\nSubject: Racun\r\n\r\n"
            b"Kliknite https://evil-login.top/a in vpisite geslo.\r\n")  # fmt: skip
    made = cleaned(
        Item(kind=ItemKind.DOCUMENT, position="", payload={"kind": "mail", "name": "a.eml", "body": mail})
    )  # fmt: skip
    assert "evil-login.top" in made.text
    assert "ana.kos" not in msgspec.json.encode(made).decode()
    assert made.payload == {"kind": "text", "name": "a.eml"}


def test_a_piece_that_nobody_could_read_stays_here() -> None:
    made = cleaner().bad(Bad("line 3", "no JSON", b"user=janez"))
    assert made == Bad("line 3", "no JSON")


def test_nesting_without_end_is_withheld() -> None:
    deep: Any = "x"
    for _ in range(3000):
        deep = [deep]
    made = cleaner().clean(alert(deep))
    assert isinstance(made, Bad)


@pytest.mark.parametrize("policy", sorted(agreements()))
def test_every_shipped_policy_can_be_applied(policy: str) -> None:
    made = cleaner(policy=policy).clean(alert({"user": "ana.kos@banka.example"}))
    assert b"ana.kos" not in msgspec.json.encode(made)
