"""The checkable facts of a report: what message, registry and evidence say, each as a reason.

Pure: the same message, evidence and registry give the same facts in the same order. What is not
known makes no fact.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

from msgspec import Struct, structs

from zvon.assess import cues, page_facts, score_facts
from zvon.assess.claim import Claim, claims
from zvon.assess.mail_facts import authentication
from zvon.assess.page import Page, pages
from zvon.assess.policy import Policy
from zvon.assess.reason import reason
from zvon.assess.score_facts import Reader, Scorer
from zvon.ml.brand import Hit, Matcher, Technique
from zvon.ml.evidence import Weights
from zvon.model import brand as brands
from zvon.model import phone
from zvon.model.brand import Brand, Registry
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.link import ATTACKER, Link, led, links, sender_domain
from zvon.model.neverblock import shorteners
from zvon.model.observable import ObservableType
from zvon.model.page import Capture
from zvon.model.report import Channel, Message
from zvon.model.suffix import registered
from zvon.model.verdict import Reason, Span

DAY_S = 86_400
PRESSING = frozenset({"CREDENTIALS", "DEADLINE", "FEE", "REFUND"})
WEB_SOFTWARE = ("/wp-content/", "/wp-includes/", "/wp-admin/", "/sites/default/files/")


class LinkFacts(Struct, frozen=True, kw_only=True):
    """One target with what was found about it. `age_days` is `None` when unknown.

    `via` is the address of the message that led to it, when that is another one (a shortener, a
    redirect). `page` is `None` when nobody has looked at it, `score` what the model of addresses
    says of it.
    """

    link: Link
    via: Link | None = None
    page: Page | None = None
    hit: Hit | None = None
    official: Brand | None = None
    age_days: int | None = None
    score: float | None = None
    reasons: tuple[Reason, ...] = ()

    @property
    def incriminated(self) -> bool:
        """True when something about the target itself speaks against it."""
        return any(reason.weight > 0 for reason in self.reasons)

    @property
    def borrowed(self) -> bool:
        """True when the age is a platform's or a shortener's and not that of its customer."""
        codes = {reason.code for reason in self.reasons}
        return self.link.platform or "SHORTENER" in codes

    @property
    def path_only(self) -> bool:
        """True when an established site has one bad path."""
        return any(reason.code == "COMPROMISED" for reason in self.reasons)


class Facts(Struct, frozen=True, kw_only=True):
    """All that is known of a report. `claimed` are the brands that the sender names itself.

    `missing` are the stages that have not spoken: `age` of a target, `page` of a target.
    """

    links: tuple[LinkFacts, ...]
    claimed: tuple[Brand, ...]
    reasons: tuple[Reason, ...]
    messenger: bool = False
    missing: tuple[str, ...] = ()

    @property
    def all(self) -> tuple[Reason, ...]:
        """Facts of the message and of its targets, each code once, with its strongest weight."""
        best: dict[str, Reason] = {}
        for each in (*self.reasons, *(r for link in self.links for r in link.reasons)):
            known = best.get(each.code)
            if known is None or abs(each.weight) > abs(known.weight):
                best[each.code] = each
        return tuple(best.values())


class Assessor(Struct, frozen=True, kw_only=True):
    """What an assessment rests on besides the report: registry, weights, words and policy.

    `verified` are the ids of brands whose desk has confirmed their official names. `addresses`
    and `wording` are the models of addresses and of texts; without one its fact is missing.
    """

    matcher: Matcher
    weights: Weights
    cues: cues.Cues
    policy: Policy
    verified: Collection[str] = ()
    registry: Registry = brands.shipped()
    addresses: Scorer | None = None
    wording: Reader | None = None

    @property
    def models(self) -> tuple[str, ...]:
        """Every model that has a say, with its version."""
        others = [each.name for each in (self.addresses, self.wording) if each is not None]
        return (self.weights.name, *others, f"brands@{self.registry.version}")

    def facts(
        self,
        message: Message,
        evidence: Sequence[Evidence],
        received_at: datetime,
        captures: Sequence[Capture] = (),
        kits: Mapping[str, int] | None = None,
    ) -> Facts:
        """Gather every fact about `message`.

        `captures` are the looks at its addresses; `kits` counts, by address, the domains that
        people confirmed as fake and that carry the same page.
        """
        lang = message.lang.value if message.lang else None
        own_words = message.channel is Channel.WEB  # the reporter describes, nobody claims
        named = () if own_words else self._claims(message, lang)
        claimed = tuple(dict.fromkeys(claim.brand.id for claim in named))
        ages = _ages(evidence, received_at)
        accused = {row.observable.value: int(row.value) for row in evidence
                   if row.code is EvidenceCode.ACCUSED}  # fmt: skip
        seen = pages(evidence, captures, registry=self.registry, lang=lang)
        words = cues.found(self.cues.cue, message.text, iban=_has_iban(message))
        about = _About(claimed, lang, ages, words, kits or {}, accused)
        targets = self._targets(message, seen, about)
        told = [
            *self._claim(named, targets),
            *self._sender(message, named, ages),
            *authentication(self.weights, message),
            *(self._reason(code, source="text", span=span) for code, span in words.items()),
        ]
        if not own_words:
            told += score_facts.wording(self.weights, self.wording, message)
        found = tuple({claim.brand.id: claim.brand for claim in named}.values())
        return Facts(
            links=targets,
            claimed=found,
            reasons=tuple(told),
            messenger=message.channel is Channel.WHATSAPP,
            missing=_missing(targets),
        )

    def _claims(self, message: Message, lang: str | None) -> tuple[Claim, ...]:
        rows = self.registry.brands
        return (
            *claims(message.sender_name or "", lang, "sender_name", brands=rows),
            *claims(message.text, lang, brands=rows),
            *claims(message.subject, lang, "subject", brands=rows),
        )

    def _reason(
        self,
        code: str,
        grade: str | None = None,
        *,
        source: str,
        span: Span | None = None,
        **params: str | int,
    ) -> Reason:
        return reason(self.weights, code, grade, source=source, span=span, **params)

    def _targets(
        self, message: Message, seen: Mapping[str, Page], about: "_About"
    ) -> tuple[LinkFacts, ...]:
        """The targets of the message, each followed by where it was seen to lead."""
        found: dict[str, LinkFacts] = {}
        for link in links(message):
            page = seen.get(link.url)
            onward = led(link, page.finals) if page is not None else ()
            found.setdefault(link.url, self._link(link, None if onward else page, about, None))
            for final in onward:
                found.setdefault(final.url, self._link(final, page, about, link))
        targets = list(found.values())
        own = [n for n, target in enumerate(targets) if target.official is None]
        told = score_facts.address(self.weights, self.addresses, [targets[n].link for n in own])
        for n, (score, fact) in zip(own, told, strict=True):
            reasons = targets[n].reasons if fact is None else (*targets[n].reasons, fact)
            targets[n] = structs.replace(targets[n], score=score, reasons=reasons)
        return tuple(targets)

    def _link(self, link: Link, page: Page | None, about: "_About", via: Link | None) -> LinkFacts:
        if link.host is None:
            host = self._reason("ADDRESS_HOST", source="address", span=link.span)
            told = self._page(link, page, about, via) if page is not None else []
            return LinkFacts(link=link, via=via, page=page, reasons=(host, *told))
        owner = self.registry.official(link.host)
        if owner is not None:
            reasons = tuple(self._official(owner, link, page))
            return LinkFacts(link=link, via=via, page=page, official=owner, reasons=reasons)
        hits = self.matcher.match(link.host, link.path, claimed=about.claimed, lang=about.lang)
        hit = hits[0] if hits else None
        age = about.ages.get(link.registered or "")
        lure = bool(hit or about.claimed or "CREDENTIALS" in about.words)
        told = self._page(link, page, about, via) if page is not None else []
        reasons = (
            *self._name_used(link, hit),
            *self._shown(link),
            *self._hosting(link, lure or any(r.code == "PAGE_BRAND" for r in told)),
            *self._age(link, hit, age, about, told),
            *self._accused(link, about),
            *told,
        )
        if page is not None:
            known = bool(hit or about.claimed or page.named)
            shop = any(code.startswith("SHOP_") for code in about.words)
            reasons += tuple(page_facts.in_favour(self.weights, link, page, named=known, shop=shop))
        return LinkFacts(link=link, via=via, page=page, hit=hit, age_days=age, reasons=reasons)

    def _page(self, link: Link, page: Page, about: "_About", via: Link | None) -> list[Reason]:
        kit = about.kits.get((via or link).url, 0)
        return list(page_facts.against(self.weights, self.registry, link, page, kit))

    def _official(self, owner: Brand, link: Link, page: Page | None) -> Iterable[Reason]:
        """A verified address speaks for itself, unless its page looks broken into."""
        if page is not None and page_facts.broken_in(self.registry, link, page):
            yield self._reason("OFFICIAL_COMPROMISED", source="page", span=link.span,
                               brand=owner.name)  # fmt: skip
        elif owner.id in self.verified:
            yield self._reason("OFFICIAL", source="brand", span=link.span, brand=owner.name)

    def _name_used(self, link: Link, hit: Hit | None) -> Iterable[Reason]:
        if hit is None:
            return
        params = {"brand": hit.brand.name, "official": hit.brand.official_text}
        if hit.technique is Technique.PATH:
            yield self._reason("BRAND_IN_PATH", source="brand", span=link.span, **params)
        else:
            yield self._reason("BRAND_NOT_OFFICIAL", hit.technique.value, source="brand",
                               span=link.span, **params)  # fmt: skip
        if hit.ill_formed:
            yield self._reason("ILL_FORMED", source="address", span=link.span)

    def _shown(self, link: Link) -> Iterable[Reason]:
        if link.shown is None or link.host is None:
            return
        if registered(link.shown) == link.registered:
            return
        grade = "brand" if self.registry.official(link.shown) else "other"
        yield self._reason("HREF_MISMATCH", grade, source="mail", span=link.span,
                           shown=link.shown, real=link.host)  # fmt: skip

    def _hosting(self, link: Link, lure: bool) -> Iterable[Reason]:
        if link.host in shorteners():
            yield self._reason("SHORTENER", source="address", span=link.span, host=link.host)
        elif link.platform and lure and link.host and link.registered:
            platform = link.registered.partition(".")[2]
            yield self._reason("SHARED_PLATFORM", source="address", span=link.span,
                               platform=platform, host=link.host)  # fmt: skip
        tokens = set((link.registered or "").partition(".")[0].split("-"))
        lists = self.cues.lists
        if tokens & lists["shop_words"] and tokens & lists["country_words"]:
            yield self._reason("SHOP_NAME", source="address", span=link.span)

    def _age(
        self,
        link: Link,
        hit: Hit | None,
        age: int | None,
        about: "_About",
        told: Sequence[Reason],
    ) -> Iterable[Reason]:
        if age is None or link.host in shorteners() or link.platform:
            return
        grade = self.policy.age.grade(age)
        in_path = hit is not None and hit.technique is Technique.PATH
        wants = bool(PRESSING.intersection(about.words)) or any(r.weight > 0 for r in told)
        software = any(part in link.path for part in WEB_SOFTWARE)
        if grade:
            yield self._reason("DOMAIN_NEW", grade, source="rdap", span=link.span, n=age)
        elif age >= self.policy.age.settled and (
            (in_path and (software or wants))
            or (software and about.claimed)
            or _planted(link, hit, told)
        ):
            yield self._reason("COMPROMISED", source="rdap", span=link.span)
        elif age >= self.policy.age.old:
            yield self._reason("DOMAIN_OLD", source="rdap", span=link.span, n=age // 365)

    def _accused(self, link: Link, about: "_About") -> Iterable[Reason]:
        """Sources of the node name the address, its host, or the name that it lies under."""
        under = () if link.platform else (link.registered or "",)
        n = max(
            (about.accused.get(each, 0) for each in (link.url, link.host or "", *under)), default=0
        )
        if n:
            yield self._reason("ACCUSED", "one" if n == 1 else "more", source="sources",
                               span=link.span, n=n)  # fmt: skip

    def _claim(self, named: Sequence[Claim], targets: Sequence[LinkFacts]) -> Iterable[Reason]:
        """The sender names a brand, and no target is the brand's."""
        for claim in named:
            foreign = [t for t in targets if t.official != claim.brand]
            if targets and len(foreign) == len(targets):
                yield self._reason("BRAND_CLAIM", source="brand", span=claim.span,
                                   brand=claim.brand.name,
                                   official=claim.brand.official_text)  # fmt: skip
                return

    def _sender(
        self, message: Message, named: Sequence[Claim], ages: dict[str, int]
    ) -> Iterable[Reason]:
        domain = sender_domain(message)
        if domain is not None and self.registry.official(domain) is None:
            for claim in named:
                yield self._reason("SENDER_CLAIM", source="mail", brand=claim.brand.name,
                                   addr=message.sender or "")  # fmt: skip
                break
            age = ages.get(registered(domain) or "")
            if age is not None and age <= self.policy.age.month:
                yield self._reason("SENDER_DOMAIN_NEW", source="rdap", n=age)
        number = _foreign_number(message, self.cues.lists["home_countries"])
        local = any(claim.brand.country for claim in named)
        family = "FAMILY_NEW_NUMBER" in cues.found(self.cues.cue, message.text)
        if number and (local or family):
            yield self._reason("FOREIGN_NUMBER", source="phone", country=number)


class _About(Struct, frozen=True):
    """What every target of one message is judged beside."""

    claimed: Collection[str]
    lang: str | None
    ages: Mapping[str, int]
    words: Collection[str]
    kits: Mapping[str, int]
    accused: Mapping[str, int]


def _planted(link: Link, hit: Hit | None, told: Sequence[Reason]) -> bool:
    """True for a page deep in somebody's site that takes data in a brand's name.

    A site whose own name uses the brand's is another matter: it was made for that.
    """
    codes = {each.code for each in told}
    deep = link.path.partition("?")[0].strip("/").count("/") > 0
    takes = codes & {"CARD_FORM", "OTP_FORM", "FORM_ELSEWHERE", "KIT_ARCHIVE", "BOT_TOKEN",
                     "SAME_KIT"}  # fmt: skip
    return hit is None and deep and bool(takes) and "PAGE_BRAND" in codes


def _missing(targets: Sequence[LinkFacts]) -> tuple[str, ...]:
    """The stages that have said nothing yet about some target that is not official."""
    open_ = [target for target in targets if target.official is None]
    found = []
    if any(t.age_days is None and not t.borrowed for t in open_):
        found.append("age")
    led_on = {t.via.url for t in targets if t.via is not None}
    if any(t.link.url not in led_on and (t.page is None or not t.page.seen) for t in open_):
        found.append("page")
    return tuple(found)


def _ages(evidence: Sequence[Evidence], at: datetime) -> dict[str, int]:
    """Days from registration to `at`, rounded, for each registered domain that RDAP knows."""
    ages = {}
    for row in evidence:
        if row.code is EvidenceCode.REGISTERED:
            seconds = (at - datetime.fromisoformat(row.value)).total_seconds()
            ages[row.observable.value] = max(0, round(seconds / DAY_S))
    return ages


def _has_iban(message: Message) -> bool:
    return any(
        m.observable.type is ObservableType.IBAN and m.side == ATTACKER for m in message.mentions
    )


def _foreign_number(message: Message, home: Collection[str]) -> str | None:
    """The country of the sender's number, or of a number to call, when it is a foreign one."""
    numbers = [message.sender or ""] + [
        m.observable.value
        for m in message.mentions
        if m.side == ATTACKER and m.observable.type is ObservableType.PHONE
    ]
    for number in numbers:
        country = phone.country(number) if number.startswith("+") else None
        if country and country not in home:
            return country
    return None
