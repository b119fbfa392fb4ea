"""Telephone numbers in E.164 (ITU-T), read as people in a country write them."""

import phonenumbers


class BadPhone(ValueError):
    """The text is no telephone number."""


def canonical(text: str, region: str) -> str:
    """`040 000 111` in `SI` is `+38640000111`. Raises `BadPhone`.

    A possible number suffices; a valid one would exclude the ranges kept for fiction, and the
    numbers that senders invent.
    """
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as problem:
        raise BadPhone(str(problem)) from None
    if not phonenumbers.is_possible_number(number):
        raise BadPhone(f"{text!r} has the wrong number of digits")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def country(number: str) -> str | None:
    """The country (ISO 3166) of a canonical number, or `None` when its code has none."""
    try:
        code = phonenumbers.parse(number).country_code
    except phonenumbers.NumberParseException:
        return None
    region = phonenumbers.region_code_for_country_code(code or 0)
    return region if region.isalpha() else None
