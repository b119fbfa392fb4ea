"""The worker has a handler for every job that anybody enqueues or schedules."""

import sys
from datetime import timedelta
from types import ModuleType

import pytest

from zvon.cli.serve import collected_jobs


async def nothing(context: object, payload: object) -> None: ...


def fake(monkeypatch: pytest.MonkeyPatch, name: str, **members: object) -> None:
    module = ModuleType(name)
    module.__spec__ = sys.modules[__name__].__spec__
    for key, value in members.items():
        setattr(module, key, value)
    monkeypatch.setitem(sys.modules, name, module)


def test_the_main_flow_is_handled() -> None:
    handlers, schedule = collected_jobs()
    flow = {"collect.decode", "collect.enrich", "assess.report", "share.hint", "share.pull"}
    assert flow <= handlers.keys()
    assert schedule.keys() <= handlers.keys()
    assert all(name.split(".")[0] in {"collect", "assess", "respond", "dns", "share"}
               for name in handlers)  # fmt: skip


def test_a_job_with_two_handlers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    fake(monkeypatch, "zvon.collect.jobs", JOBS={"a.b": nothing})
    fake(monkeypatch, "zvon.assess.jobs", JOBS={"a.b": nothing})
    with pytest.raises(RuntimeError, match=r"two handlers: a\.b"):
        collected_jobs()


def test_a_schedule_without_a_handler_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    schedule = {"x.y": timedelta(minutes=1)}
    fake(monkeypatch, "zvon.collect.jobs", JOBS={}, SCHEDULE=schedule)
    with pytest.raises(RuntimeError, match=r"without a handler: x\.y"):
        collected_jobs()
