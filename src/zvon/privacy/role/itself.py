"""What a value says about itself, and what the node knows of it."""

from functools import cache

from zvon.privacy.facts import Facts
from zvon.privacy.register import Hit, Register
from zvon.privacy.role.graph import NAMED, Graph, Node
from zvon.privacy.role.weights import terms
from zvon.privacy.tables import home_countries, hosts


def itself(graph: Graph, node: Node, defanged: bool) -> None:
    """What the value says about itself, and what the node knows of it."""
    rule, facts, value = terms().rule, graph.facts, node.value
    kind = "HOST" if node.kind == "DOMAIN" and not node.value else node.kind
    node.term("prior", terms().prior.get(kind, 0.0))
    if any(m.defanged for m in node.mentions):
        node.term("defanged", rule["defanged"])
    elif defanged and node.kind in {"HOST", "DOMAIN", "IP", "EMAIL"}:
        node.term("undefanged", rule["undefanged"])
    if node.kind in {"IP", "CIDR", "HOST"} and any(m.fixed == "remove" for m in node.mentions):
        node.term("inner", rule["inner"])
    owner = node.mentions[0].owner
    for side in {m.side for m in node.mentions} - {""}:
        node.term(f"side.{side}", rule[f"side_{side}"])
    if value in facts.attackers or (owner and owner in facts.attackers and node.kind != "EMAIL"):
        node.term("known", rule["known"])
    if value in facts.reporters:
        node.term("side.reporter", rule["side_reporter"])
    if (ours := _ours(node, owner, facts.register)) is not None:
        node.term(
            "registry.shared" if ours.weak else "registry", rule["registry"] / (1 + ours.weak)
        )
    if node.kind == "PHONE":
        home = any(c.country.lower() == node.mentions[0].country for c in home_countries())
        node.term("phone.country", rule["home_phone" if home else "foreign_phone"])
    if node.kind == "IBAN" and not any(c.country.lower() == node.mentions[0].country for c in home_countries()):  # fmt: skip
        node.term("account.country", rule["foreign_account"])
    if node.kind in NAMED and owner:
        _name_itself(node, owner, facts)


@cache
def _home() -> tuple[frozenset[str], frozenset[str]]:
    """Domain endings and mail providers of our countries."""
    rows = home_countries()
    return frozenset(t for c in rows for t in c.tlds), frozenset(m for c in rows for m in c.mail)


@cache
def shared_domains() -> frozenset[str]:
    """Domains that many owners share, so that they say nothing of each other."""
    return hosts().freemail | hosts().anonymous_mail | hosts().shorteners | _home()[1]


def _name_itself(node: Node, owner: str, facts: Facts) -> None:
    rule, table = terms().rule, hosts()
    tld = owner.rpartition(".")[2]
    home, home_mail = _home()
    if tld in table.darknet:
        node.term("darknet", rule["darknet"])
    if node.kind == "EMAIL" and owner in table.anonymous_mail:
        node.term("mail.anonymous", rule["anonymous_mail"])
    elif node.kind == "EMAIL" and owner in home_mail:
        node.term("mail.home", rule["home_mail"])
    elif owner not in table.freemail:
        if tld in table.cheap:
            node.term("tld.cheap", rule["cheap_tld"])
        elif tld in home and node.kind != "URL":
            node.term("tld.home", rule["home_tld"])
    if node.kind != "EMAIL":
        if owner in facts.brand_domains:
            node.term("brand.official", rule["brand_official"])
        elif facts.imitates(owner) or facts.imitates(node.value.partition("/")[0]):
            node.term("lookalike.brand", rule["lookalike"])


def _ours(node: Node, owner: str, register: Register) -> Hit | None:
    """What the register of the constituency says of a value, by its kind."""
    if not register.size:
        return None
    if node.kind in {"IP", "CIDR"}:
        return register.address(node.value)
    if node.kind == "EMAIL":
        return register.mail(node.value)
    if node.kind == "PHONE":
        return register.phone(node.value)
    if node.kind == "ASN":
        return register.asn(int(node.value.removeprefix("as")))
    return register.name(node.value if node.kind in {"HOST", "DOMAIN"} else owner)
