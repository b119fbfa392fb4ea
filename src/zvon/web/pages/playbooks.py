"""Playbooks: the list of them, and one as a form that writes it, with its picture and versions."""

from typing import Annotated
from uuid import UUID

from litestar import Response, get
from litestar.params import Parameter

from zvon.access.permission import Permission
from zvon.access.viewer import Viewer
from zvon.locale import translator
from zvon.model.playbook import VariableType
from zvon.model.playbook_action import ACTIONS
from zvon.model.playbook_check import check
from zvon.model.playbook_difference import differences
from zvon.model.playbook_terms import WAYS
from zvon.store import dry_run, run_list
from zvon.store import playbook as playbooks
from zvon.store.playbook import PlaybookRow, VersionRow
from zvon.store.visibility import read
from zvon.web.api.inject import AnyRequest, In, Who
from zvon.web.pages import playbook_cards, playbook_drawing
from zvon.web.pages.page import language, render

Number = Annotated[int | None, Parameter(ge=1, le=2**31 - 1)]


@get("/playbooks", opt={"permission": Permission.PLAYBOOK_READ}, include_in_schema=False)
async def list_page(request: AnyRequest, context: In, who: Who) -> Response[str]:
    """All playbooks with what is in force and what is being written."""
    async with read(context.pool, who) as db:
        rows = await playbooks.list_all(db, who)
    return render(request, "playbooks.html", {"playbooks": rows, **_words(request, who)})


@get("/playbooks/{id:uuid}", opt={"permission": Permission.PLAYBOOK_READ}, include_in_schema=False)
async def one_page(
    request: AnyRequest, context: In, who: Who, id: UUID, number: Number = None,
    than: Number = None, step: Annotated[str, Parameter(max_length=300)] = "",
) -> Response[str]:  # fmt: skip
    """One playbook: its steps as cards, findings, the picture, versions; `than` compares."""
    async with read(context.pool, who) as db:
        row = await playbooks.get(db, who, id)
        shown = await playbooks.of_number(db, who, row, number)
        known = await playbooks.calls(db)
        versions = await playbooks.versions(db, who, row)
        older = await playbooks.of_number(db, who, row, than) if than is not None else None
        runs = await run_list.of_playbook(db, who, row.uuid)
        tries = await dry_run.of_playbook(db, who, row.uuid)
        others = [each for each in await playbooks.list_all(db, who) if each.id != row.id]
    speak = translator(language(request, who))
    playbook = shown.playbook
    problems = check(playbook, known)
    cards = playbook_cards.cards(speak, playbook, problems)
    titles = {card.place.step: card.title for card in cards}
    values = {
        "p": row, "v": shown, "playbook": playbook, "versions": versions, "others": others,
        "cards": cards, "titles": titles,
        "numbers": {card.place.step: card.number for card in cards},
        "problems": problems, "open_step": step,
        "flow": playbook_drawing.draw(playbook, titles),
        "may_write": _may_write(who, row, shown),
        "actions": sorted(ACTIONS), "kinds": playbook_cards.KINDS, "tests": WAYS,
        "types": [each.value for each in VariableType if each.value],
        "variables": playbook_cards.variables(playbook),
        "suggested": lambda result: playbook_cards.suggested(playbook, result),
        "older": older,
        "differences": differences(older.playbook, playbook) if older is not None else (),
        "runs": runs,
        "trying": next((each for each in tries if each.ended_at is None), None),
        "author": who.login in shown.authors,
        **_words(request, who),
    }  # fmt: skip
    return render(request, "playbook.html", values)


def _may_write(who: Viewer, row: PlaybookRow, shown: VersionRow) -> bool:
    """A person writes in the newest version only; older ones are read."""
    newest = row.working or row.in_force or shown.number
    return who.may(Permission.PLAYBOOK_WRITE) and shown.number == newest


def _words(request: AnyRequest, who: Viewer) -> dict[str, object]:
    speak = translator(language(request, who))
    return {
        "playbook_action": lambda name: playbook_cards.action_word(speak, name),
        "playbook_kind": lambda kind: playbook_cards.kind_word(speak, kind),
        "playbook_way": lambda way: playbook_cards.way_word(speak, way),
        "playbook_told": lambda problem: playbook_cards.told(speak, problem),
        "playbook_state": lambda state: speak.text(f"PLAYBOOK_STATE_{state.upper()}"),
        "run_state": lambda state: speak.text(f"RUN_STATE_{state.upper()}"),
        "playbook_word": lambda code: speak.text(f"PLAYBOOK_{code.upper()}"),
    }


HANDLERS = (list_page, one_page)
