"""Alerts that tests make up: a quiet network with known noise, and an attack in it."""

from zvon.ml.correlate.alert import Alert
from zvon.ml.correlate.engine import Engine, Outcome
from zvon.ml.correlate.memory import Memory
from zvon.ml.correlate.policy import shipped

HOUR = 3600.0
BEGIN = 1_800_000_000.0 // 86400 * 86400


def engine() -> Engine:
    return Engine(Memory(shipped()))


def noise(hours: int, host: str = "mail") -> list[Alert]:
    """A signature that fires on a host in each hour."""
    return [
        Alert(BEGIN + hour * HOUR + minute * 60, "update", host, severity=3)
        for hour in range(hours)
        for minute in (5, 20, 35, 50)
    ]


def attack(at: float, host: str = "web") -> list[Alert]:
    """Steps of an attack, a few minutes apart."""
    return [
        Alert(at + 100 * step, f"attack {step}", host, "203.0.113.7", 11) for step in range(6)
    ]  # fmt: skip


def in_order(*parts: list[Alert]) -> list[Alert]:
    every = [alert for part in parts for alert in part]
    return sorted(every, key=lambda each: (each.at, each.signature, each.host))


def named(made: Engine, outcomes: list[Outcome]) -> list[int]:
    return [made.memory.component(each.group) for each in outcomes]
