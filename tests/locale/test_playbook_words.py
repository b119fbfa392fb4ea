"""Everything that the editor of playbooks says is there in every language."""

import pytest

from zvon.locale import LANGS, translator
from zvon.model.playbook import StartRule
from zvon.model.playbook_action import ACTIONS
from zvon.model.playbook_form import fields
from zvon.model.playbook_terms import WAYS

KINDS = ("start", "end", "action", "if", "while", "switch", "parallel", "playbook")
LEADS = ("on_completion", "on_success", "on_failure", "on_timeout", "on_true", "on_false",
         "default", "exception")  # fmt: skip
STATES = ("draft", "validated", "dry_run", "published", "retired")


@pytest.mark.parametrize("lang", LANGS)
def test_every_word_of_the_editor_is_translated(lang: str) -> None:
    speak = translator(lang, strict=True)
    codes = [f"ACTION_{name}" for name in ACTIONS]
    codes += [f"RESULT_{result}" for spec in ACTIONS.values() for result in spec.output]
    for spec in ACTIONS.values():
        for field in fields(spec):
            assert speak.text(field.code) != field.code
            codes += [f"CHOICE_{choice}" for choice in field.choices]
    codes += [f"KIND_{kind}" for kind in KINDS] + [f"WAY_{way}" for way in LEADS]
    codes += [f"STATE_{state}" for state in STATES] + [f"TEST_{way}" for way in WAYS]
    codes += [f"START_{on}" for on in ("made", StartRule(on="escalated").on)]
    codes += [f"SOURCE_{source}" for source in ("reports", "alerts", "peer")]
    codes += [f"DIFF_{what}" for what in ("added", "removed", "changed")]
    for code in codes:
        msgid = f"PLAYBOOK_{code}".upper().replace(".", "_").replace("+", "_")
        assert speak.text(msgid) != msgid
