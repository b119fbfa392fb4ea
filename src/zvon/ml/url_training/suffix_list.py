"""The public suffix list, and platforms missing in it, as the rules of the lexical model."""

from importlib import resources

from zvon.ml.url.suffixes import BELOW, EXACT, EXCEPT, PLATFORM, Rules, rules_of
from zvon.model.suffix import SHARED_HOSTS


def suffix_rules() -> Rules:
    """Rules from the bundled list of `publicsuffixlist` and `model.suffix.SHARED_HOSTS`."""
    text = (resources.files("publicsuffixlist") / "public_suffix_list.dat").read_text("utf-8")
    kinds: dict[str, int] = {}
    platform = 0
    for line in text.splitlines():
        if "BEGIN PRIVATE DOMAINS" in line:
            platform = PLATFORM
        if not line.strip() or line.startswith("//"):
            continue
        name, kind = line.split()[0], EXACT
        if name.startswith("*."):
            name, kind = name[2:], BELOW
        elif name.startswith("!"):
            name, kind = name[1:], EXCEPT
        try:
            name = name.encode("idna").decode()
        except UnicodeError:
            continue
        kinds[name] = kinds.get(name, 0) | kind | platform
    for host in SHARED_HOSTS:
        kinds[host] = kinds.get(host, 0) | EXACT | PLATFORM
    return rules_of(kinds)
