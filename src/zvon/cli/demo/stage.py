"""All that the steps of the demo share: the plan, the world, the nodes, the people, the resolvers."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from msgspec import Struct

from zvon.cli.demo.node import Account, DemoNode
from zvon.cli.demo.resolvers import Running
from zvon.cli.demo.show import Clock, Show
from zvon.cli.demo.stopwatch import Target
from zvon.cli.demo.world import World

Text = Callable[..., str]


class Plan(Struct, frozen=True, kw_only=True):
    """What was asked for on the command line."""

    lang: str
    seed: int
    folder: Path
    brands: tuple[str, ...]
    popular: tuple[str, ...]


class Subscribed(Struct, frozen=True, kw_only=True):
    """A running resolver and its subscription."""

    label: str
    node: DemoNode
    running: Running
    id: str
    secret: str | None

    @property
    def target(self) -> Target:
        """Where and what to ask."""
        r = self.running
        return Target(label=self.label, brand=r.brand, version=r.version, port=r.port)


class Stage:
    """All that the steps share: the world, the nodes, the people, the resolvers."""

    def __init__(self, plan: Plan, show: Show, text: Text) -> None:
        self.plan, self.show, self.text = plan, show, text
        self.world: World | None = None
        self.si: DemoNode | None = None
        self.hr: DemoNode | None = None
        self.admin: dict[str, Account] = {}
        self.ana: Account = _nobody
        self.bor: Account = _nobody
        self.iva: Account = _nobody
        self.eva: Account = _nobody
        self.resolvers: list[Subscribed] = []
        self.pools: dict[str, str] = {}
        self.incident: dict[str, Any] = {}
        self.blocks: list[dict[str, Any]] = []
        self.approved = Clock()
        self.first_report = Clock()
        self.seconds: dict[str, float] = {}

    @property
    def nodes(self) -> tuple[DemoNode, DemoNode]:
        """Both nodes, SI first."""
        assert self.si is not None
        assert self.hr is not None
        return self.si, self.hr

    def at(self, node: DemoNode) -> list[Subscribed]:
        """The resolvers that subscribe to `node`."""
        return [r for r in self.resolvers if r.node is node]


class _Nobody(Account):
    def __init__(self) -> None:
        self.login = ""


_nobody = _Nobody()
