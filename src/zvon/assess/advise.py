"""What to do about each name of a report: the scope that a block may have, and the action."""

from collections.abc import Collection, Sequence

from zvon.assess.decide import blamed
from zvon.assess.facts import Facts, LinkFacts
from zvon.assess.policy import Policy
from zvon.ml.brand import Technique
from zvon.model.advice import READ_OFF_PICTURE, Action, NameAdvice
from zvon.model.brand import Registry, shipped
from zvon.model.scope import Scope, ScopeFacts, dns_scope
from zvon.model.verdict import Verdict, VerdictWord

SPEAKING = (VerdictWord.MALICIOUS, VerdictWord.SUSPICIOUS)


def advise(
    facts: Facts,
    verdict: Verdict,
    policy: Policy,
    *,
    allow: Collection[str] = (),
    registry: Registry | None = None,
    unsure: Collection[str] = (),
) -> tuple[NameAdvice, ...]:
    """One line for each name; the widest scope first, a name once.

    A name that must not be blocked is listed with scope `none` and the rule that says so; so is
    the shortener or redirect that led to a blamed name. `allow` are names of our constituency,
    `registry` has the official names (default: those that ship). `unsure` are hosts that were
    read off a picture and that nobody has confirmed: they are named, and nothing is proposed.
    """
    if verdict.word not in SPEAKING:
        return ()
    action = policy.action[verdict.category]
    official = (registry or shipped()).official_names()
    found: dict[str, NameAdvice] = {}
    for target in blamed(facts):
        line = _line(target, action, allow, official, unsure)
        if line is not None and line.name not in found:
            found[line.name] = line
    order: Sequence[Scope] = (Scope.REGISTRABLE_SUB, Scope.HOST_SUB, Scope.HOST, Scope.NONE)
    return tuple(sorted(found.values(), key=lambda line: order.index(line.scope)))


def _line(
    target: LinkFacts,
    action: Action,
    allow: Collection[str],
    official: Collection[str],
    unsure: Collection[str],
) -> NameAdvice | None:
    host = target.link.host
    if host is None:
        return None
    if host in unsure:
        return NameAdvice(name=host, scope=Scope.NONE, reason=READ_OFF_PICTURE,
                          url=target.link.url, action=Action.NONE)  # fmt: skip
    in_name = target.hit is not None and target.hit.technique is not Technique.PATH
    advice = dns_scope(
        target.link.url,
        ScopeFacts(
            age_days=target.age_days,
            official=official,
            allow=allow,
            lookalike=in_name,
            path_only_evidence=target.path_only,
        ),
    )
    nothing = advice.scope is Scope.NONE or advice.name is None
    return NameAdvice(
        name=host if nothing or advice.name is None else advice.name,
        scope=advice.scope,
        reason=advice.reason,
        url=target.link.url,
        action=Action.NONE if nothing else action,
    )
