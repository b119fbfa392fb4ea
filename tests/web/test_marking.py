"""Generated records and people at every door: what one may not know is as absent as what never was."""

import random
from datetime import timedelta
from uuid import UUID

import psycopg
import pytest
from msgspec import Struct
from psycopg.types.json import Jsonb

from tests.store.world import other_party, reported, somebody
from tests.web.house import NOBODY, House, filled
from tests.web.test_red import NOT_ABOUT_RECORDS, PAGE, reading
from zvon.access import key as keys
from zvon.model.advice import NameAdvice
from zvon.model.ids import uuid7
from zvon.model.marking import Tlp
from zvon.model.observable import Observable, ObservableType
from zvon.model.scope import Scope
from zvon.model.visibility import Looker, Marked, may_see
from zvon.store import ingest
from zvon.store.party import Party
from zvon.store.transaction import transaction
from zvon.store.visibility import read


class Made(Struct, frozen=True):
    """One generated incident with its report: a word that stands nowhere else, and their markings."""

    word: str
    incident: UUID
    report: UUID
    of_incident: Marked
    of_report: Marked

    def unknown_to(self, who: Looker) -> bool:
        """True when neither the report nor the incident may be known."""
        return not (may_see(self.of_incident, who) or may_see(self.of_report, who))


async def generated(house: House, dice: random.Random, parties: list[Party], n: int) -> Made:
    """An incident of a random organisation with a random marking."""
    now = house.clock()
    word = f"m{n}-{dice.randrange(16**8):08x}.example"
    tlp = dice.choice(list(Tlp))
    named = [v.person_id for v in house.viewers.values() if dice.random() < 0.2]
    advice = NameAdvice(name=word, scope=Scope.REGISTRABLE_SUB, reason="registered_for_abuse")
    found = await reported(
        house.pool, now, dice.choice(parties), tlp=tlp, audience=named, names=(advice,)
    )
    async with transaction(house.pool, now) as tx:
        await ingest.occurrences(
            tx, found.record_id,
            [ingest.Sighted(Observable(ObservableType.DOMAIN, word), ingest.SAID, now)],
        )  # fmt: skip
        message = {"channel": "sms", "text": f"https://{word}/"}
        await tx.execute(
            "update record set payload = %s where id = %s", (Jsonb(message), found.record_id)
        )
        cursor = await tx.execute(
            "select record_id from incident where id = %s", (found.incident_id,)
        )
        [(record_id,)] = await cursor.fetchall()
        for each in named:
            await tx.execute(
                "insert into record_audience values (%s, %s) on conflict do nothing",
                (record_id, each),
            )
        if dice.random() < 0.3:
            circle, both = uuid7(now, dice.randbytes(10)), [record_id, found.record_id]
            await tx.execute("update record set group_uuid = %s where id = any(%s)", (circle, both))
            await tx.execute(
                "update incident set group_uuid = %s where id = %s", (circle, found.incident_id)
            )
        cursor = await tx.execute(
            "select tlp, org_id, orgc_id, group_uuid is not null from record"
            " where id = any(%s) order by id = %s",
            ([record_id, found.record_id], found.record_id),
        )
        of_incident, of_report = [
            Marked(tlp=Tlp(row[0]), holder=row[1], maker=row[2], group=row[3],
                   named=frozenset(named))
            for row in await cursor.fetchall()
        ]  # fmt: skip
    return Made(word, found.incident_uuid, found.uuid, of_incident, of_report)


async def people(house: House, dice: random.Random, parties: list[Party]) -> None:
    """Analysts and approvers of every organisation with random ceilings."""
    now = house.clock()
    for n, home in enumerate(parties):
        for role in ("analyst", "approver"):
            login = f"{role}{n}"
            made = await somebody(
                house.pool, now, home, login, roles=[role], ceiling=dice.choice(list(Tlp)[:4])
            )
            house.viewers[login] = made
            async with transaction(house.pool, now) as tx:
                cursor = await tx.execute(
                    "select uuid from person where id = %s", (made.person_id,)
                )
                [(uuid,)] = await cursor.fetchall()
                house.keys[login] = await keys.create(
                    tx, made, uuid, "test", now, dice.randbytes, now + timedelta(days=30)
                )


def looker(house: House, login: str) -> Looker:
    viewer = house.viewers[login]
    return Looker(person=viewer.person_id, party=viewer.party_id, own=viewer.party_own,
                  ceiling=viewer.tlp_ceiling)  # fmt: skip


async def opens(house: House, login: str, path: str) -> bool:
    return (await house.get(login, f"/api/v1/{path}")).status_code == 200


async def told(house: House, login: str, made: list[Made]) -> list[str]:
    """Every door that says more, or less, to somebody than the rule allows."""
    wrong = []
    who = looker(house, login)
    hidden = [one for one in made if one.unknown_to(who)]
    for path in reading(house):
        if path == "/api/schema":
            continue
        for headers in ({}, PAGE):
            if "{" not in path:
                text = (await house.get(login, path, headers=headers)).text
                wrong += [f"{path} names {one.word}" for one in hidden if one.word in text]
            elif path not in NOT_ABOUT_RECORDS and hidden:
                one = hidden[len(path) % len(hidden)]
                absent = await house.get(login, filled(path), headers=headers)
                for uuid in (one.incident, one.report):
                    there = await house.get(login, filled(path, uuid), headers=headers)
                    said = (there.status_code, there.text.replace(str(uuid), str(NOBODY)))
                    if said != (absent.status_code, absent.text):
                        wrong.append(f"{path} tells that {one.word} is there")
    for one in made:
        found = (await house.get(login, f"/api/v1/search?q={one.word}")).json()
        for what, shown, marked in (
            ("search", bool(found["values"]), one.of_report),
            ("report", await opens(house, login, f"reports/{one.report}"), one.of_report),
            ("incident", await opens(house, login, f"incidents/{one.incident}"), one.of_incident),
        ):
            if shown != may_see(marked, who):
                wrong.append(f"{what} {'shows' if shown else 'hides'} {one.word}: {marked}, {who}")
    async with read(house.pool, house.viewers[login]) as db:
        rows = await (await db.execute("select uuid from record")).fetchall()
    known = {row[0] for row in rows}
    wrong += [f"row security and the rule disagree on {one.word}" for one in made
              if (one.report in known) != may_see(one.of_report, who)]  # fmt: skip
    return wrong


@pytest.mark.parametrize("seed", [1, 2])
async def test_every_door_tells_exactly_what_the_rule_allows(house: House, seed: int) -> None:
    dice = random.Random(seed)
    parties = [
        house.home,
        *[await other_party(house.pool, house.clock(), f"Banka {n}") for n in range(2)],
    ]
    await people(house, dice, parties)
    made = [await generated(house, dice, parties, n) for n in range(10)]
    logins = [login for login in house.viewers if login[-1].isdigit()]
    seen = [one.unknown_to(looker(house, login)) for login in logins for one in made]
    assert {True, False} <= set(seen)
    for login in dice.sample(logins, 3):
        assert await told(house, login, made) == [], login


async def test_a_loosened_predicate_is_noticed(house: House, dsn: str) -> None:
    dice = random.Random(3)
    bank = await other_party(house.pool, house.clock())
    await people(house, dice, [bank])
    made = [await generated(house, dice, [house.home], n) for n in range(6)]
    assert any(one.unknown_to(looker(house, "analyst0")) for one in made)
    with psycopg.connect(dsn, autocommit=True) as db:
        db.execute("alter policy seen on record using (true)")
    assert any("row security" in each for each in await told(house, "analyst0", made))
