"""Task templates are whole: each step has its own name, and what comes first exists before it."""

import pytest

from zvon.respond.task_template import NoTemplate, for_category, template, templates


@pytest.mark.parametrize("name", [each.name for each in templates()])
def test_a_step_waits_for_earlier_steps_only(name: str) -> None:
    earlier: set[str] = set()
    for step in template(name).steps:
        assert step.id not in earlier
        assert set(step.after) <= earlier, step.id
        assert step.due_minutes is None or step.due_minutes > 0
        earlier.add(step.id)
    assert len(earlier) >= 3


def test_those_of_the_kind_stand_first() -> None:
    assert for_category("malware")[0].name == "malware"
    assert for_category("phishing")[0].name == "phishing"
    assert len(for_category(None)) == len(templates())


def test_an_unknown_template_is_named() -> None:
    with pytest.raises(NoTemplate, match="tea"):
        template("tea")
