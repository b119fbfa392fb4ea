"""Appendix B: which name of an address may be blocked, and how much of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.formats.defang import refang
from zvon.model.neverblock import chain
from zvon.model.scope import Scope, ScopeFacts, dns_scope
from zvon.model.suffix import is_suffix

NOTHING = ScopeFacts()
YOUNG = ScopeFacts(age_days=1, other_content=False)
REGISTRABLE, HOST, NONE = Scope.REGISTRABLE_SUB, Scope.HOST, Scope.NONE

TABLE = [
    ("https://posta-si.dostava-paketa.example/i", YOUNG, REGISTRABLE, "dostava-paketa.example"),
    ("https://posta-si.dostava-paketa.example/i", NOTHING, HOST, "posta-si.dostava-paketa.example"),
    ("https://www.os-lipovec.example/wp-content/a", ScopeFacts(age_days=5500), NONE, None),
    ("https://zvon-fixture-a.weebly.com/a", YOUNG, HOST, "zvon-fixture-a.weebly.com"),
    ("https://weebly.com/x", YOUNG, NONE, None),
    ("https://pages.dev/", YOUNG, NONE, None),
    ("https://github.io", YOUNG, NONE, None),
    ("https://sites.google.com/view/zvon-fixture", YOUNG, NONE, None),
    ("https://docs.google.com/forms/d/e/1", YOUNG, NONE, None),
    ("https://t.me/zvon", YOUNG, NONE, None),
    ("https://drive.google.com/file/d/1", YOUNG, NONE, None),
    ("https://bit.ly/zvonfixture7", YOUNG, NONE, None),
    (
        "https://zvon-fixture.s3.eu-central-1.amazonaws.com/i.html", YOUNG, HOST,
        "zvon-fixture.s3.eu-central-1.amazonaws.com",
    ),
    ("https://nlb.si/klik", YOUNG, NONE, None),
    ("https://sledenje.posta.si", YOUNG, NONE, None),
    ("https://www.gov.si/drzavljani", YOUNG, NONE, None),
    ("https://nlb.si.potrditev.example/", ScopeFacts(age_days=2), REGISTRABLE, "potrditev.example"),
    ("https://nlb.si@198.51.100.7/", YOUNG, NONE, None),
    ("http://0xC6336407/", YOUNG, NONE, None),
    ("http://3325256711/", YOUNG, NONE, None),
    ("http://[2001:db8::7]/", YOUNG, NONE, None),
    ("https://xn--pota-h6a.dostava-danes.example/", YOUNG, REGISTRABLE, "dostava-danes.example"),
    ("https://pošta-fixture.example/", ScopeFacts(age_days=3300, other_content=True), NONE, None),
    ("https://раypal.example/", YOUNG, REGISTRABLE, "xn--ypal-43d9g.example"),
    ("hxxps://evil-fixture[.]example/a", YOUNG, REGISTRABLE, "evil-fixture.example"),
    ("evil-fixture(dot)example", YOUNG, REGISTRABLE, "evil-fixture.example"),
    ("https://EVIL-fixture.example.:443/a#x", YOUNG, REGISTRABLE, "evil-fixture.example"),
    (
        "https://a.b.c.evil-fixture.example/", ScopeFacts(age_days=3, many_hosts=True),
        REGISTRABLE, "evil-fixture.example",
    ),
    ("*.example", YOUNG, NONE, None),
    ("si", YOUNG, NONE, None),
    ("co.uk", YOUNG, NONE, None),
    ("com.hr", YOUNG, NONE, None),
    ("localhost", YOUNG, NONE, None),
    ("intranet", YOUNG, NONE, None),
    ("host.local", YOUNG, NONE, None),
    ("1.0.0.127.in-addr.arpa", YOUNG, NONE, None),
    ("a" * 64 + ".example", YOUNG, NONE, None),
    (".".join(["a" * 60] * 4) + ".example", YOUNG, NONE, None),
    ("https://ns1.fixture-dns.example", ScopeFacts(age_days=1, names_served=12_000), NONE, None),
    ("https://x.example", ScopeFacts(age_days=1, allow={"y.x.example"}), HOST, "x.example"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "facts", "scope", "name"), TABLE)
def test_appendix_b(text: str, facts: ScopeFacts, scope: Scope, name: str | None) -> None:
    advice = dns_scope(refang(text), facts)
    assert (advice.scope, advice.name) == (scope, name)
    assert advice.reason
    assert any(version.startswith("popular@") for version in advice.data_versions)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("https://bit.ly/a", "user_content"),
        ("https://weebly.com/x", "public_suffix"),
        ("https://www.gov.si/", "allowed"),
        ("https://nlb.si@198.51.100.7/", "address"),
        ("nothing at all", "not_a_name"),
    ],
)
def test_the_rule_that_decided_is_named(text: str, reason: str) -> None:
    assert dns_scope(text, YOUNG).reason == reason


@pytest.mark.parametrize(
    ("text", "facts", "reason"),
    [
        ("https://www.univerza-primer.edu.ba/a", NOTHING, "compromised_site"),
        ("https://obcina.gov.rs/a/b.php", YOUNG, "compromised_site"),
        ("https://sola.ac.cd/", NOTHING, "compromised_site"),
        ("https://linkr.bio/zvon", NOTHING, "user_content"),
        ("https://surl.li/zvon", YOUNG, "user_content"),
        ("https://ipfs.fleek.co/ipfs/bafyzvon", YOUNG, "user_content"),
        ("https://zvon-shop.github.io/", ScopeFacts(popular=True), "compromised_site"),
        ("https://zvon-shop.github.io/", ScopeFacts(other_content=True), "compromised_site"),
        ("https://pekarna.example/wp/a", ScopeFacts(path_only_evidence=True), "compromised_site"),
    ],
)
def test_what_others_use_too_is_for_url_lists_only(
    text: str, facts: ScopeFacts, reason: str
) -> None:
    advice = dns_scope(text, facts)
    assert (advice.scope, advice.reason) == (NONE, reason)


@pytest.mark.parametrize("name", ["gov.si.prijava.example", "edu-login.example", "ac.prijava.com"])
def test_a_label_that_looks_official_protects_nothing(name: str) -> None:
    assert dns_scope(name, YOUNG).scope is REGISTRABLE


ages = st.none() | st.integers(0, 4000)
facts = st.builds(
    ScopeFacts, age_days=ages, popular=st.none() | st.booleans(),
    other_content=st.none() | st.booleans(), names_served=st.none() | st.integers(0, 1000),
    many_hosts=st.booleans(), lookalike=st.booleans(), path_only_evidence=st.booleans(),
)  # fmt: skip
label = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
names = st.lists(label, min_size=1, max_size=4).map(".".join)
tails = st.sampled_from([".example", ".si", ".com.hr", ".weebly.com", ".pages.dev", ".google.com"])


@given(names, tails, facts)
def test_it_never_widens_beyond_the_registered_name(head: str, tail: str, ctx: ScopeFacts) -> None:
    advice = dns_scope(head + tail, ctx)
    if advice.name is not None:
        assert advice.name in chain(head + tail)
        assert not is_suffix(advice.name)


@given(names, facts)
def test_a_missing_fact_never_widens(head: str, ctx: ScopeFacts) -> None:
    order = [Scope.NONE, Scope.HOST, Scope.HOST_SUB, Scope.REGISTRABLE_SUB]
    blind = ScopeFacts(other_content=ctx.other_content, popular=ctx.popular,
                       names_served=ctx.names_served, path_only_evidence=ctx.path_only_evidence)  # fmt: skip
    known = dns_scope(head + ".example", ctx).scope
    if known is not Scope.NONE:
        assert order.index(dns_scope(head + ".example", blind).scope) <= order.index(known)


@given(st.text(max_size=300), facts)
def test_no_text_makes_it_fail(text: str, ctx: ScopeFacts) -> None:
    advice = dns_scope(text, ctx)
    assert (advice.name is None) == (advice.scope is Scope.NONE)
