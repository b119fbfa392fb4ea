"""The checkable facts of a report: what message, registry and evidence say, each as a reason.

Pure: the same message, evidence and registry give the same facts in the same order. What is not
known makes no fact.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from zvon.assess import cues
from zvon.assess.claim import Claim, claims
from zvon.assess.policy import Policy
from zvon.ml.brand import Hit, Matcher, Technique
from zvon.ml.evidence import Weights
from zvon.model import phone
from zvon.model.brand import Brand, official
from zvon.model.evidence import Evidence, EvidenceCode
from zvon.model.link import ATTACKER, Link, links, sender_domain
from zvon.model.observable import ObservableType
from zvon.model.report import Channel, Message
from zvon.model.suffix import registered
from zvon.model.verdict import Reason, Span

DAY_S = 86_400
WEB_SOFTWARE = ("/wp-content/", "/wp-includes/", "/wp-admin/", "/sites/default/files/")


class LinkFacts(Struct, frozen=True, kw_only=True):
    """One target with what was found about it. `age_days` is `None` when unknown."""

    link: Link
    hit: Hit | None = None
    official: Brand | None = None
    age_days: int | None = None
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
    """All that is known of a report. `claimed` are the brands that the sender names itself."""

    links: tuple[LinkFacts, ...]
    claimed: tuple[Brand, ...]
    reasons: tuple[Reason, ...]
    messenger: bool = False

    @property
    def all(self) -> tuple[Reason, ...]:
        """Facts of the message and of its targets, each code once, with its strongest weight."""
        best: dict[str, Reason] = {}
        for reason in (*self.reasons, *(r for link in self.links for r in link.reasons)):
            known = best.get(reason.code)
            if known is None or abs(reason.weight) > abs(known.weight):
                best[reason.code] = reason
        return tuple(best.values())


class Assessor(Struct, frozen=True, kw_only=True):
    """What an assessment rests on besides the report: registry, weights, words and policy.

    `verified` are the ids of brands whose desk has confirmed their official names.
    """

    matcher: Matcher
    weights: Weights
    cues: cues.Cues
    policy: Policy
    verified: Collection[str] = ()

    def facts(self, message: Message, evidence: Sequence[Evidence], received_at: datetime) -> Facts:
        """Gather every fact about `message`."""
        lang = message.lang.value if message.lang else None
        own_words = message.channel is Channel.WEB  # the reporter describes, nobody claims
        named = () if own_words else _claims(message, lang)
        brands = tuple(dict.fromkeys(claim.brand.id for claim in named))
        ages = _ages(evidence, received_at)
        words = cues.found(self.cues.cue, message.text, iban=_has_iban(message))
        targets = tuple(self._link(link, brands, lang, ages, words) for link in links(message))
        seen = [
            *self._claim(named, targets),
            *self._sender(message, named, ages),
            *(self._reason(code, source="text", span=span) for code, span in words.items()),
        ]
        claimed = tuple({claim.brand.id: claim.brand for claim in named}.values())
        return Facts(
            links=targets,
            claimed=claimed,
            reasons=tuple(seen),
            messenger=message.channel is Channel.WHATSAPP,
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
        return Reason(code=code, params=params, weight=self.weights.of(code, grade), span=span,
                      source=source)  # fmt: skip

    def _link(
        self,
        link: Link,
        claimed: Collection[str],
        lang: str | None,
        ages: dict[str, int],
        words: Collection[str],
    ) -> LinkFacts:
        if link.host is None:
            reason = self._reason("ADDRESS_HOST", source="address", span=link.span)
            return LinkFacts(link=link, reasons=(reason,))
        owner = official(link.host)
        if owner is not None:
            return LinkFacts(link=link, official=owner, reasons=tuple(self._official(owner, link)))
        hits = self.matcher.match(link.host, link.path, claimed=claimed, lang=lang)
        hit = hits[0] if hits else None
        age = ages.get(link.registered or "")
        reasons = [
            *self._name_used(link, hit),
            *self._shown(link),
            *self._hosting(link, bool(hit or claimed or "CREDENTIALS" in words)),
            *self._age(link, hit, age, bool(claimed)),
        ]
        return LinkFacts(link=link, hit=hit, age_days=age, reasons=tuple(reasons))

    def _official(self, owner: Brand, link: Link) -> Iterable[Reason]:
        if owner.id in self.verified:
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
        grade = "brand" if official(link.shown) else "other"
        yield self._reason("HREF_MISMATCH", grade, source="mail", span=link.span,
                           shown=link.shown, real=link.host)  # fmt: skip

    def _hosting(self, link: Link, lure: bool) -> Iterable[Reason]:
        if link.host in self.cues.lists["shorteners"]:
            yield self._reason("SHORTENER", source="address", span=link.span, host=link.host)
        elif link.platform and lure and link.host and link.registered:
            platform = link.registered.partition(".")[2]
            yield self._reason("SHARED_PLATFORM", source="address", span=link.span,
                               platform=platform, host=link.host)  # fmt: skip
        tokens = set((link.registered or "").partition(".")[0].split("-"))
        lists = self.cues.lists
        if tokens & lists["shop_words"] and tokens & lists["country_words"]:
            yield self._reason("SHOP_NAME", source="address", span=link.span)

    def _age(self, link: Link, hit: Hit | None, age: int | None, claimed: bool) -> Iterable[Reason]:
        if age is None or link.host in self.cues.lists["shorteners"] or link.platform:
            return
        grade = self.policy.age.grade(age)
        in_path = hit is not None and hit.technique is Technique.PATH
        software = any(part in link.path for part in WEB_SOFTWARE)
        if grade:
            yield self._reason("DOMAIN_NEW", grade, source="rdap", span=link.span, n=age)
        elif age >= self.policy.age.settled and (in_path or (software and claimed)):
            yield self._reason("COMPROMISED", source="rdap", span=link.span)
        elif age >= self.policy.age.old:
            yield self._reason("DOMAIN_OLD", source="rdap", span=link.span, n=age // 365)

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
        if domain is not None and official(domain) is None:
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


def _claims(message: Message, lang: str | None) -> tuple[Claim, ...]:
    return (
        *claims(message.sender_name or "", lang, "sender_name"),
        *claims(message.text, lang),
        *claims(message.subject, lang, "subject"),
    )


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
