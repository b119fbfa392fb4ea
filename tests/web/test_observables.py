"""What is known of a value, through the API."""

from tests.web.house import House


async def test_a_value_is_looked_up_in_any_spelling(house: House) -> None:
    said = await house.get("ana", "/api/v1/observables?type=ipv4&value=8[.]8[.]8[.]8")
    assert said.status_code == 200
    body = said.json()
    assert body["value"] == "8.8.8.8"
    network = next(each for each in body["known"] if each["enricher"] == "network")
    assert network["facts"][0]["params"]["name"] == "Google"


async def test_it_takes_the_right_to_search_and_a_value_of_that_type(house: House) -> None:
    path = "/api/v1/observables?type=ipv4&value="
    assert (await house.get("rita", path + "8.8.8.8")).status_code == 403
    refused = await house.get("ana", path + "posta.example")
    assert refused.status_code == 422
    asked = await house.post(
        "ana", "/api/v1/observables/ask", {"type": "domain", "value": "a.example"}
    )
    assert asked.status_code == 200
    assert asked.json()["value"] == "a.example"


async def test_the_sets_in_use_are_said(house: House) -> None:
    assert (await house.get("ana", "/api/v1/reference")).json() == {"sets": []}
