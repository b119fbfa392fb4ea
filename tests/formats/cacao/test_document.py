"""CACAO documents: what was read and not changed comes out as it came; what cannot work is refused."""

import json
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from zvon.formats.cacao import extension
from zvon.formats.cacao.document import BadPlaybook, Made, judge, read_playbook, write_playbook
from zvon.formats.json_value import storable
from zvon.model.playbook import MAX_STEPS, Action, If, Playbook, While
from zvon.model.playbook_check import check
from zvon.model.playbook_problem import stops

MADE = Made(created=datetime(2026, 5, 1, tzinfo=UTC), modified=datetime(2026, 6, 1, tzinfo=UTC))


def uid(n: int) -> str:
    return f"00000000-0000-4000-8000-{n:012d}"


START, END, END2, ASK, SSH, COND, LOOP, PAR, SWITCH, CALL = (
    f"{kind}--{uid(n)}"
    for n, kind in enumerate(
        ("start", "end", "end", "action", "action", "if-condition", "while-condition", "parallel",
         "switch-condition", "playbook-action")
    )
)  # fmt: skip


def document() -> dict[str, Any]:
    """A document as another tool may write it, with things that we have no word for."""
    return {
        "type": "playbook", "spec_version": "cacao-2.0", "id": f"playbook--{uid(90)}",
        "name": "Zaustavi napravo", "created_by": f"identity--{uid(91)}",
        "created": "2026-01-01T10:00:00.000Z", "modified": "2026-01-02T10:00:00.000Z",
        "labels": ["vaja"], "priority": 3, "x_of_somebody": {"keep": ["me"]},
        "signatures": [{"type": "jss", "value": "abc"}],
        "playbook_variables": {
            "__host__": {"type": "ipv4-addr", "value": "192.0.2.5", "constant": False},
            "__done__": {"type": "string"},
        },
        "workflow_start": START, "workflow_exception": END,
        "workflow": {
            START: {"type": "start", "on_completion": SSH},
            SSH: {"type": "action", "name": "Izklopi", "description": "Izklopi napravo",
                  "timeout": 1500, "delay": 250, "owner": f"identity--{uid(92)}",
                  "commands": [{"type": "ssh", "command": "poweroff __host__:value", "x": 1},
                               {"type": "bash", "command_b64": "ZWNobyBob2phCg=="}],
                  "agent": f"ssh--{uid(93)}", "out_args": ["__done__"], "on_completion": COND},
            COND: {"type": "if-condition", "condition": "__done__:value == 'yes'",
                   "on_true": END2, "on_completion": END},
            END2: {"type": "end"}, END: {"type": "end", "name": "Konec"},
        },
        "agent_definitions": {f"ssh--{uid(93)}": {"type": "ssh", "name": "naprava"}},
    }  # fmt: skip


def raw(said: Any) -> bytes:
    return json.dumps(said).encode()


def codes(said: Any) -> set[tuple[str | None, str]]:
    return {(f.step, f.code) for f in judge(raw(said))[1] if f.weight == "error"}


def test_an_unchanged_document_comes_out_as_it_came() -> None:
    playbook, problems = read_playbook(raw(document()))
    assert not stops(problems)
    assert write_playbook(playbook, MADE) == document()


def test_commands_of_other_tools_become_a_step_for_a_person() -> None:
    playbook, problems = read_playbook(raw(document()))
    step = playbook.steps[SSH]
    assert isinstance(step, Action)
    assert (step.action, step.timeout_s, step.delay_s) == ("manual", 2, 1)
    assert step.args["commands"] == ["ssh: poweroff __host__:value", "bash: echo hoja\n"]
    assert step.out == {"result": "__done__"}
    assert (SSH, "PLAYBOOK_MANUAL_STEP") in {(p.step, p.code) for p in problems}


def test_a_changed_step_keeps_what_we_have_no_word_for_and_loses_the_signature() -> None:
    playbook, _ = read_playbook(raw(document()))
    step = replace(playbook.steps[SSH], name="Ugasni")
    said = write_playbook(replace(playbook, steps={**playbook.steps, SSH: step}), MADE)
    assert said["workflow"][SSH]["owner"] == f"identity--{uid(92)}"
    assert said["workflow"][SSH]["name"] == "Ugasni"
    assert said["workflow"][COND] == document()["workflow"][COND]
    assert (said["x_of_somebody"], said["labels"]) == ({"keep": ["me"]}, ["vaja"])
    assert "signatures" not in said
    assert said["modified"] == "2026-06-01T00:00:00.000Z"


def test_a_changed_document_reads_back_as_the_same_playbook() -> None:
    playbook, _ = read_playbook(raw(document()))
    step = playbook.steps[SSH]
    assert isinstance(step, Action)
    ours = replace(step, action="ask", args={"question": "Ali ugasnem __host__?"},
                   out={"answer": "__done__"}, titles={"sl": "Vprašaj"}, on_timeout=END)  # fmt: skip
    changed = replace(playbook, titles={"hr": "Zaustavi"}, suits=("malware",), budget=50,
                      steps={**playbook.steps, SSH: ours})  # fmt: skip
    said = write_playbook(changed, MADE)
    again, problems = read_playbook(raw(said))
    assert not stops(problems)
    assert plain(again) == plain(changed)
    assert said["extension_definitions"][extension.ID]["type"] == "extension-definition"
    assert said["workflow"][SSH]["commands"][0]["type"] == "manual"


def plain(playbook: Playbook) -> Playbook:
    """Without what documents said of it."""
    steps = {name: replace(step, source={}) for name, step in playbook.steps.items()}
    return replace(playbook, steps=steps, source={})


def test_every_kind_of_step_is_written_and_read() -> None:
    playbook, _ = read_playbook(raw(document()))
    said = document()
    said["workflow"][SSH]["on_completion"] = LOOP
    said["workflow"] |= {
        LOOP: {"type": "while-condition", "condition": "__done__:value != 'yes'", "on_true": END2,
               "on_completion": PAR,
               "step_extensions": {extension.ID: {"rounds": 3}}},
        PAR: {"type": "parallel", "next_steps": [END2, f"end--{uid(50)}"], "on_completion": SWITCH},
        SWITCH: {"type": "switch-condition", "switch": "__done__:value",
                 "cases": {"yes": f"end--{uid(51)}", "default": f"end--{uid(52)}"},
                 "on_completion": CALL},
        CALL: {"type": "playbook-action", "playbook_id": f"playbook--{uid(80)}",
               "in_args": ["__host__"], "on_completion": COND},
        **{f"end--{uid(n)}": {"type": "end"} for n in (50, 51, 52)},
    }  # fmt: skip
    playbook, problems = read_playbook(raw(said))
    assert not stops(problems)
    assert write_playbook(playbook, MADE) == said
    loop = playbook.steps[LOOP]
    assert isinstance(loop, While)
    assert loop.rounds == 3
    changed = replace(playbook, name="Drugo", steps={
        name: replace(step, name=f"{step.name}x") for name, step in playbook.steps.items()
    })  # fmt: skip
    again, _ = read_playbook(raw(write_playbook(changed, MADE)))
    assert plain(again) == plain(changed)


BREAKS: list[tuple[Callable[[dict[str, Any]], Any], str | None, str]] = [
    (lambda d: d["workflow"][SSH].update(on_completion=f"end--{uid(77)}"), SSH, "MISSING_TARGET"),
    (lambda d: d["workflow"][SSH].update(on_completion=SSH), SSH, "CIRCLE"),
    (lambda d: d["workflow"].update({f"end--{uid(78)}": {"type": "end"}}), f"end--{uid(78)}",
     "UNREACHABLE"),
    (lambda d: d["workflow"][SSH].pop("on_completion"), SSH, "NO_NEXT"),
    (lambda d: d["workflow"][COND].update(condition="os.system('x')"), COND, "BAD_STEP"),
    (lambda d: d["workflow"][COND].update(condition="__nobody__ = 1"), COND, "VARIABLE_UNKNOWN"),
    (lambda d: d["workflow"][SSH].update(type="teleport"), SSH, "BAD_STEP"),
    (lambda d: d["workflow"][SSH].update(timeout="soon"), SSH, "BAD_STEP"),
    (lambda d: d["workflow"][SSH].update(commands="x"), SSH, "BAD_STEP"),
    (lambda d: d["workflow"][SSH].update(type="end"), SSH, "STEP_KIND"),
    (lambda d: d["agent_definitions"][f"ssh--{uid(93)}"].update(type="invalid"), SSH, "AGENT_TYPE"),
    (lambda d: d.update(workflow_start=f"start--{uid(79)}"), None, "NO_START"),
    (lambda d: d.update(workflow={}), None, "NO_WORKFLOW"),
    (lambda d: d.update(spec_version="cacao-1.1"), None, "OTHER_VERSION"),
    (lambda d: d.update(type="bundle"), None, "NOT_PLAYBOOK"),
    (lambda d: d.update(name=5), None, "BAD_FIELD"),
    (lambda d: d.update(playbook_variables=[]), None, "BAD_FIELD"),
    (lambda d: d["playbook_variables"].update({"host": {"type": "string"}}), None, "VARIABLE_NAME"),
    (lambda d: d["playbook_variables"].update({"__n__": {"type": "integer", "value": "x"}}), None,
     "VARIABLE_VALUE"),
]  # fmt: skip


@pytest.mark.parametrize(("breaks", "step", "code"), BREAKS, ids=[b[2] for b in BREAKS])
def test_what_cannot_work_is_refused_with_its_step(
    breaks: Callable[[dict[str, Any]], Any], step: str | None, code: str
) -> None:
    said = document()
    breaks(said)
    assert (step, f"PLAYBOOK_{code}") in codes(said)
    with pytest.raises(BadPlaybook) as raised:
        read_playbook(raw(said))
    assert raised.value.errors


@pytest.mark.parametrize(("add", "code"), [
    (lambda d: d.update(workflow_exception=f"end--{uid(70)}"), "NO_EXCEPTION_STEP"),
    (lambda d: d.update(authentication_info_definitions={
        f"user-auth--{uid(60)}": {"type": "user-auth", "password": "geslo"}}), "SECRET_INSIDE"),
    (lambda d: d["workflow"][SSH].update(agent=f"ssh--{uid(61)}"), "AGENT_UNKNOWN"),
    (lambda d: d["workflow"][SSH]["commands"].append({"type": "ssh", "command": "x __what__"}),
     "VARIABLE_UNKNOWN"),
])  # fmt: skip
def test_what_may_be_meant_is_a_warning(add: Callable[[dict[str, Any]], Any], code: str) -> None:
    said = document()
    add(said)
    playbook, problems = read_playbook(raw(said))
    assert f"PLAYBOOK_{code}" in {p.code for p in problems if p.weight == "warning"}
    assert write_playbook(playbook, MADE) == said


def test_a_hundred_thousand_steps_are_refused_without_a_stack_overflow() -> None:
    said = document()
    said["workflow"] = {f"s{n}": {"type": "start", "on_completion": f"s{n + 1}"}
                        for n in range(100_000)}  # fmt: skip
    assert codes(said) == {(None, "PLAYBOOK_TOO_MANY_STEPS")}
    said["workflow"] = dict(list(said["workflow"].items())[:MAX_STEPS])
    assert ("s999", "PLAYBOOK_MISSING_TARGET") in codes(said)


def test_what_is_too_large_is_not_even_parsed() -> None:
    assert judge(b"[" * (10 * 1024 * 1024 + 1))[1][0].code == "PLAYBOOK_TOO_LARGE"


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_but_our_own_error(body: bytes) -> None:
    playbook, problems = judge(body)
    assert playbook is None
    assert stops(problems)


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8)),
    lambda inner: st.one_of(st.lists(inner, max_size=3),
                            st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=6,
)  # fmt: skip


@settings(max_examples=80)
@given(st.sampled_from(["name", "workflow_start", "workflow_exception", "playbook_variables",
                        "agent_definitions", "authentication_info_definitions", "signatures",
                        "playbook_extensions", "description", "id"]), anything)  # fmt: skip
def test_no_value_in_a_document_breaks_the_reader(key: str, value: Any) -> None:
    with suppress(BadPlaybook):
        playbook, _ = read_playbook(raw(document() | {key: value}))
        assert write_playbook(playbook, MADE) == storable(document() | {key: value})


@settings(max_examples=100)
@given(st.sampled_from([START, SSH, COND, END]),
       st.sampled_from(["type", "name", "timeout", "delay", "commands", "agent", "targets",
                        "step_variables", "on_completion", "on_true", "condition", "out_args",
                        "step_extensions", "on_failure"]), anything)  # fmt: skip
def test_no_value_in_a_step_breaks_the_reader(step: str, key: str, value: Any) -> None:
    said = document()
    said["workflow"][step][key] = value
    with suppress(BadPlaybook):
        playbook, _ = read_playbook(raw(said))
        assert write_playbook(playbook, MADE) == storable(said)
        assert isinstance(check(playbook), list)
        assert If in {type(one) for one in playbook.steps.values()}
