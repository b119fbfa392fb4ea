"""Data policies for tests, of countries that do not exist unless a test says otherwise."""

import json
from collections.abc import Collection, Mapping

from zvon.access.permission import SHIPPED_ROLES
from zvon.model.data_class import CLASSES

ROLES = frozenset(SHIPPED_ROLES)


def policy_text(
    country: str,
    *,
    retention: Mapping[str, str] | None = None,
    readers: Mapping[str, list[str]] | None = None,
    residency: Mapping[str, list[str]] | None = None,
    leave_out: Collection[str] = (),
) -> str:
    """A policy of `country` with a row for each class; what came in raw stays there."""
    lines = [
        'schema = "zvon.datapolicy/1"', f'country = "{country}"', 'languages = ["en", "sl", "hr"]',
        "[controller]", f'name = "Response team of {country}"', 'dpo = "Officer of the team"',
        'authority = "Authority of the country"', "[laws]", 'gdpr = "Regulation (EU) 2016/679"',
    ]  # fmt: skip
    for each in CLASSES:
        if each.id in leave_out:
            continue
        here = each.raw or each.id == "report.text"
        mine = [f"{country.lower()}.analyst", f"{country.lower()}.approver"]
        lines += [
            "[[class]]",
            f'id = "{each.id}"',
            'purpose = ["incident-handling"]',
            'basis = ["gdpr:6.1.e"]',
            f'retention = "{(retention or {}).get(each.id, "P30D")}"',
            f'clock = "{each.clock}"',
            'after = "destroy"',
            f"residency = {json.dumps((residency or {}).get(each.id, [country] if here else ['*']))}",
            f"readers = {json.dumps((readers or {}).get(each.id, mine if here else ['*.analyst']))}",
            f'transfer = "{"never" if each.raw else "policy"}"',
        ]
    return "\n".join(lines) + "\n"
