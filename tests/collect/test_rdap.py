"""RDAP answers are read, and whatever is wrong with one is `NoAnswer`."""

import json
from contextlib import suppress
from datetime import UTC, datetime

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from zvon.collect import rdap

GOOD = {
    "objectClassName": "domain",
    "ldhName": "PRIMER.example.",
    "events": [{"eventAction": "last changed", "eventDate": "2020-01-01T00:00:00Z"},
               {"eventAction": "registration", "eventDate": "2019-05-06T07:08:09Z"}],
    "entities": [{"roles": ["abuse"]},
                 {"roles": ["registrar"], "vcardArray": ["vcard", [
                     ["version", {}, "text", "4.0"], ["fn", {}, "text", "Dobri Registrar"]]]}],
}  # fmt: skip


def test_registration_day_and_registrar_are_read() -> None:
    found = rdap.parse(json.dumps(GOOD).encode(), "primer.example")
    assert found.registered_at == datetime(2019, 5, 6, 7, 8, 9, tzinfo=UTC)
    assert found.registrar == "Dobri Registrar"


def test_an_answer_about_another_name_is_no_answer() -> None:
    with pytest.raises(rdap.NoAnswer):
        rdap.parse(json.dumps(GOOD).encode(), "drug.example")


def test_what_the_registry_does_not_say_is_missing() -> None:
    found = rdap.parse(b'{"ldhName": "a.example", "events": [{"eventAction": "registration"}]}',
                       "a.example")  # fmt: skip
    assert found == rdap.Registration(None, None)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=9),
                    lambda x: st.lists(x, max_size=4) | st.dictionaries(
                        st.sampled_from(["ldhName", "events", "entities", "roles", "vcardArray",
                                         "eventAction", "eventDate"]), x, max_size=4)))  # fmt: skip
def test_no_json_raises_anything_but_our_own_error(value: object) -> None:
    body = {"ldhName": "a.example", **value} if isinstance(value, dict) else value
    with suppress(rdap.NoAnswer):
        rdap.parse(json.dumps(body).encode(), "a.example")


async def test_too_long_refused_or_redirected_is_no_answer() -> None:
    def serve(request: httpx.Request) -> httpx.Response:
        if "long" in request.url.path:
            return httpx.Response(200, content=b" " * (rdap.MAX_BYTES + 1))
        return httpx.Response(302, headers={"Location": "http://127.0.0.1/"})

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as http:
        for name in ("long.example", "moved.example"):
            with pytest.raises(rdap.NoAnswer):
                await rdap.registration(http, "http://rdap.example", name)
