"""The data policies that ship: one file a country; an operator's own folder replaces them."""

from zvon.privacy.tables import DATA


def shipped() -> dict[str, str]:
    """Names and contents of the files."""
    return {
        each.name: each.read_text("utf-8")
        for each in sorted((DATA / "policies").iterdir(), key=lambda entry: entry.name)
        if each.name.endswith(".toml")
    }
