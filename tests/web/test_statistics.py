"""Statistics over the API: published by an officer, read by anybody, never drawn twice."""

import csv

import pytest

from tests.policies import policy_text
from tests.web.house import House
from zvon.store import data_policy
from zvon.store.transaction import transaction

STATISTICS = "/api/v1/statistics"
WEEK = {"data_set": "reports", "week": "2026-W46"}


@pytest.fixture
async def officer(house: House) -> str:
    async with transaction(house.pool, house.clock()) as tx:
        await data_policy.put(tx, {"a": policy_text("SI")}, house.clock())
    return "pia"


async def test_what_is_published_is_for_everybody(house: House, officer: str) -> None:
    assert (await house.get(None, STATISTICS)).json()["releases"] == []
    made = await house.post(officer, f"{STATISTICS}/releases", WEEK)
    assert made.status_code == 201, made.text
    assert made.json()["fresh"]
    told = (await house.get(None, STATISTICS)).json()
    (one,) = told["releases"]
    assert one == {key: value for key, value in made.json().items() if key != "fresh"}
    assert told["suppressed_below"] == 5
    for cell in one["cells"]:
        assert cell["count"] is None or cell["low"] <= cell["count"] <= cell["high"]
    assert (await house.get(None, f"{STATISTICS}?set=blocks")).json()["releases"] == []
    assert (await house.get(None, f"{STATISTICS}?year=2026")).json()["releases"] == [one]


async def test_a_week_asked_for_again_is_the_same_numbers(house: House, officer: str) -> None:
    first, again = [
        (await house.post(officer, f"{STATISTICS}/releases", WEEK)).json() for _ in range(2)
    ]
    assert (first["fresh"], again["fresh"]) == (True, False)
    assert first["cells"] == again["cells"]
    (row,) = (await house.get("aud", f"{STATISTICS}/budget")).json()
    assert row["spent"] == pytest.approx(0.25)


async def test_csv_and_json_say_the_same(house: House, officer: str) -> None:
    made = (await house.post(officer, f"{STATISTICS}/releases", WEEK)).json()
    answer = await house.get(None, f"{STATISTICS}/csv")
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(answer.text.splitlines()))
    assert [row["count"] for row in rows] == [
        "<5" if cell["count"] is None else str(cell["count"]) for cell in made["cells"]
    ]


async def test_what_partners_get_is_not_public(house: House, officer: str) -> None:
    body = WEEK | {"audience": "partners"}
    assert (await house.post(officer, f"{STATISTICS}/releases", body)).status_code == 201
    assert (await house.get(None, STATISTICS)).json()["releases"] == []
    assert len((await house.get("aud", f"{STATISTICS}/partners")).json()["releases"]) == 1
    assert (await house.get("ana", f"{STATISTICS}/partners")).status_code == 403


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (WEEK | {"week": "2026-W47"}, 422),
        (WEEK | {"week": "2026-W99"}, 422),
        (WEEK | {"week": "soon"}, 400),
        (WEEK | {"data_set": "names"}, 404),
        (WEEK | {"audience": "press"}, 400),
        (WEEK | {"where": "name = 'x'"}, 400),
    ],
)
async def test_no_other_question_is_answered(
    house: House, officer: str, body: dict[str, str], status: int
) -> None:
    answer = await house.post(officer, f"{STATISTICS}/releases", body)
    assert answer.status_code == status, answer.text


async def test_a_spent_budget_is_a_conflict(house: House, officer: str) -> None:
    await house.post(officer, f"{STATISTICS}/releases", WEEK)
    async with transaction(house.pool, house.clock()) as tx:
        await tx.execute("update statistics_budget set spent = epsilon")
    answer = await house.post(officer, f"{STATISTICS}/releases", WEEK | {"week": "2026-W45"})
    assert answer.status_code == 409
    assert "is spent" in answer.json()["detail"]
