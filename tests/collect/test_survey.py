"""What a person at a command line gets from the network: registration, DNS and pages at once."""

from datetime import UTC, datetime
from pathlib import Path

from tests.acceptance.site import Site
from tests.assess.message import message
from zvon.assess.judge import judge
from zvon.assess.shipped import shipped
from zvon.cli.demo.world import World
from zvon.collect.survey import survey
from zvon.config import Settings
from zvon.model.evidence import EvidenceCode
from zvon.model.verdict import VerdictWord
from zvon.respond.fixtures import world

AT = datetime(2026, 12, 11, 10, tzinfo=UTC)


async def test_a_shortener_is_followed_and_the_name_behind_it_asked_about(tmp_path: Path) -> None:
    what = message("Preverite prosim https://bit.ly/zvonfixture7")
    async with World(world(), lambda: AT) as small, Site(world(), tmp_path) as site:
        settings = Settings(root=tmp_path, resolver=small.resolver, rdap_url=small.rdap_url)
        found = await survey(settings, what, AT, guard=site.guard)
    finals = [row.value for row in found.evidence if row.code is EvidenceCode.FINAL]
    assert finals == ["https://edavki-vracilo.example/prijava"]
    ages = {row.observable.value for row in found.evidence if row.code is EvidenceCode.REGISTERED}
    assert "edavki-vracilo.example" in ages
    opinion = judge(shipped(), what, AT, found.evidence, found.captures)
    assert opinion.verdict.word is VerdictWord.MALICIOUS
    assert opinion.facts.missing == ()


async def test_with_fetching_off_only_names_are_asked_about(tmp_path: Path) -> None:
    what = message("https://dostava-paketa.example/i")
    async with World(world(), lambda: AT) as small, Site(world(), tmp_path) as site:
        settings = Settings(root=tmp_path, resolver=small.resolver, rdap_url=small.rdap_url,
                            fetch=False)  # fmt: skip
        found = await survey(settings, what, AT, guard=site.guard)
        assert site.asked == []
    assert found.captures == ()
    assert EvidenceCode.REGISTERED in {row.code for row in found.evidence}
