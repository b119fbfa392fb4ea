"""The whole pipeline on pages that we wrote: precision and recall, by family, with every miss.

    python -m bench phish-pages [--render]

Facts of stage 2 come from a table, stage 3 is the real fetcher on loopback, stage 4 the real browser
where this machine lets it run in its sandbox (`--render`). The families of `late.py` were written
after weights, words and policy stood, and nothing was changed because of them. The pages are ours: they say that the pipeline reads
what it should, not how often the world looks like this.
"""

import argparse
import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from msgspec import Struct

from bench.pages.clean import clean
from bench.pages.kits import kits
from bench.pages.late import late
from bench.pages.site import Farm, Site
from zvon.assess.facts import Assessor
from zvon.assess.judge import Opinion, judge
from zvon.assess.shipped import shipped
from zvon.assess.stage import wanted
from zvon.collect import browser_evidence, page_evidence
from zvon.collect.fetch.client import Client
from zvon.collect.fetch.twice import look_twice
from zvon.collect.render.look import Looker
from zvon.formats.extract import extract
from zvon.model.brand import shipped as brands
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.observable import Observable, ObservableType
from zvon.model.page import Capture, Outcome, Vantage
from zvon.model.report import Channel, Lang, Message
from zvon.model.suffix import registered
from zvon.model.verdict import VerdictWord

Clients = tuple[Client, Client]  # one as a computer, one as a telephone
AT = datetime(2026, 11, 22, 12, tzinfo=UTC)


class Result(Struct, frozen=True):
    """One site and what was said of it; `stages` are those that saw its page."""

    site: Site
    opinion: Opinion
    stages: tuple[int, ...]

    @property
    def flagged(self) -> bool:
        """True when we call it malicious."""
        return self.opinion.verdict.word is VerdictWord.MALICIOUS


def message_of(site: Site, url: str) -> Message:
    """The report: the message that brought the address, or the bare address."""
    text = site.text + url
    return Message(channel=Channel.SMS if site.text else Channel.WEB, text=text,
                   lang=Lang(site.lang), mentions=tuple(extract(text)))  # fmt: skip


def passive(site: Site) -> list[Evidence]:
    """What RDAP would say."""
    ages = {site.host: site.age, **site.ages}
    return [
        Evidence(observable=Observable(ObservableType.REGISTERED, registered(host) or host),
                 code=EvidenceCode.REGISTERED, value=(AT - timedelta(days=age)).isoformat(),
                 source="rdap", seen_at=AT)
        for host, age in ages.items() if age is not None
    ]  # fmt: skip


async def judged(
    assessor: Assessor, farm: Farm, clients: Clients, site: Site, browser: Looker | None
) -> Result:
    """Run the stages as the jobs would."""
    message = message_of(site, farm.url(site.host, site.path))
    rows: list[Evidence] = passive(site)
    captures: list[Capture] = []
    opinion = judge(assessor, message, AT, rows)
    for url in wanted(opinion.facts, opinion.verdict).fetch:
        seen = await look_twice(*clients, url, AT, keep_token=False, probe=False)
        captures += [each.capture for each in seen]
        looks = [(each.capture, each.certificate) for each in seen]
        rows += page_evidence.of_looks(looks, brands(), AT)
    opinion = judge(assessor, message, AT, rows, captures)
    stages = [3] if any(c.outcome is Outcome.SEEN for c in captures) else []
    if browser is not None:
        for url in wanted(opinion.facts, opinion.verdict).render:
            taken = await browser.look(url)
            found = browser_evidence.of_looks(taken, captures, brands(), AT)
            rows += found
            captures += [each.capture for each in taken]
            if any(each.capture.outcome is Outcome.SEEN for each in taken):
                stages.append(4)
        opinion = judge(assessor, message, AT, rows, captures)
    return Result(site, opinion, tuple(sorted(set(stages))))


async def run(sites: Sequence[Site], *, render: bool) -> list[Result]:
    """Judge every site, one after the other."""
    assessor = shipped()
    async with (
        Farm(sites) as farm,
        Client(farm.guard, country="SI", vantage=Vantage.PLAIN) as plain,
        Client(farm.guard, country="SI", vantage=Vantage.PHONE) as phone,
    ):
        browser = Looker(farm.guard, registry=brands(), country="SI", clock=lambda: AT,
                         program=None) if render else None  # fmt: skip
        return [await judged(assessor, farm, (plain, phone), site, browser) for site in sites]


def figures(results: Sequence[Result]) -> dict[str, float | int]:
    """Counts and rates at the word `malicious`."""
    kits_ = [r for r in results if r.site.kit]
    right = sum(r.flagged for r in kits_)
    wrong = sum(r.flagged for r in results if not r.site.kit)
    looked = sum(
        r.opinion.verdict.word is VerdictWord.SUSPICIOUS for r in results if not r.site.kit
    )
    return {
        "kits": len(kits_),
        "clean": len(results) - len(kits_),
        "precision": round(right / max(1, right + wrong), 4),
        "recall": round(right / max(1, len(kits_)), 4),
        "false": wrong,
        "clean_to_a_person": looked,
        "kits_to_a_person": sum(r.opinion.verdict.word is VerdictWord.SUSPICIOUS for r in kits_),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures, the families and the misses."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--render", action="store_true", help="use the browser (stage 4)")
    options.add_argument("--each", type=int, default=4, help="sites of each family")
    options.add_argument("--only", default="", help="families whose name has this text")
    chosen = options.parse_args(arguments)
    first = [*kits(each=chosen.each), *clean(each=chosen.each)]
    sites = [site for site in (*first, *late(each=chosen.each)) if chosen.only in site.family]
    results = asyncio.run(run(sites, render=chosen.render))
    known = {site.family for site in first}
    seen = [r for r in results if r.site.family in known]
    unseen = [r for r in results if r.site.family not in known]
    for title, part in (("all", results), ("families looked at", seen), ("families kept", unseen)):
        print(f"{title:20} " + "  ".join(f"{k} {v}" for k, v in figures(part).items()))
    count = Counter((r.site.kit, r.site.family) for r in results)
    print("\nfamily                 sites  malicious  suspicious  p (least, most)")
    for (kit, family), number in count.items():
        mine = [r for r in results if r.site.family == family]
        p = sorted(r.opinion.verdict.probability or 0 for r in mine)
        print(f"{'kit  ' if kit else 'clean'} {family:16} {number:5}  {sum(r.flagged for r in mine):9}"
              f"  {sum(r.opinion.verdict.word is VerdictWord.SUSPICIOUS for r in mine):10}"
              f"  {p[0]:.3f} {p[-1]:.3f}")  # fmt: skip
    print("\nmisses")
    for r in results:
        if r.site.kit != r.flagged:
            facts = ", ".join(reason.code for reason in r.opinion.verdict.reasons)
            print(f"  {'kit' if r.site.kit else 'clean'} {r.site.family} {r.site.host}: "
                  f"{r.opinion.verdict.word} {r.opinion.verdict.probability:.3f}, "
                  f"stages {r.stages}, facts: {facts or 'none'}")  # fmt: skip
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
