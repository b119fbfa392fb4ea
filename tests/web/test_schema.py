"""The API is as its own description says: valid OpenAPI 3.1, no undocumented answer, no 500."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import APIOperation, Case, GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.core.failures import FailureGroup
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import status_code_conformance

from tests.web.house import House, routes

LIVE = "/api/v1/live"
CHECKS = [not_a_server_error, status_code_conformance]
EXAMPLES = 6
Operation = APIOperation[Any, Any, Any, Any]
Request = Case[Any]


async def described(house: House) -> dict[str, Any]:
    """The description that the node gives of itself."""
    answer = await house.get(None, "/api/schema")
    assert answer.status_code == 200
    return dict(answer.json())


def operations(described: dict[str, Any]) -> Iterator[Operation]:
    """Every operation but the stream, which does not end."""
    schema = schemathesis.openapi.from_dict(described)
    for found in schema.get_all_operations():
        assert isinstance(found, Ok)
        operation = found.ok()
        if operation.path != LIVE:
            yield operation


def cases(operation: Operation, mode: GenerationMode) -> list[Request]:
    """The same requests in every run, that fit the description or do not."""
    made: list[Request] = []

    @settings(
        max_examples=EXAMPLES, derandomize=True, database=None, deadline=None,
        phases=[Phase.generate], suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @given(operation.as_strategy(generation_mode=mode))
    def collect(case: Request) -> None:
        made.append(case)

    collect()
    return made


async def test_the_description_is_openapi_and_names_every_route(house: House) -> None:
    given = await described(house)
    assert given["openapi"].startswith("3.1")
    schemathesis.openapi.from_dict(given).validate()
    said = {(m.upper(), p) for p, item in given["paths"].items() for m in item}
    assert said == {(m, p) for m, p, _ in routes(house.app) if p.startswith("/api/v1/")}


async def test_every_guarded_operation_says_what_it_refuses(house: House) -> None:
    given = await described(house)
    for method, path, wanted in house.routes():
        if not path.startswith("/api/v1/"):
            continue
        answers = given["paths"][path][method.lower()]["responses"]
        assert ("401" in answers and "403" in answers) or wanted == "public", path
        assert any(code.startswith("2") for code in answers), path
        for code in answers:
            if code.startswith("4"):
                assert list(answers[code]["content"]) == ["application/problem+json"], (path, code)


async def surprises(
    house: House, who: str, given: list[Operation], mode: GenerationMode
) -> tuple[int, list[str]]:
    """How many requests were sent, and which answers are not described or errors of ours."""
    asked, wrong = 0, []
    for operation in given:
        for case in cases(operation, mode):
            sent = requests.Request(**case.as_transport_kwargs("http://node.example")).prepare()
            headers = {k: str(v) for k, v in sent.headers.items() if k.lower() != "authorization"}
            response = await house.ask(
                who, sent.method or "GET", sent.url or "/", headers=headers, content=sent.body
            )
            asked += 1
            try:
                case.validate_response(response, checks=CHECKS)
            except FailureGroup as error:
                wrong.append(f"{operation.label}: {error}")
    return asked, wrong


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("who", ["ada", "ana"])
async def test_every_answer_is_described_and_none_is_an_error_of_ours(
    house: House, who: str, mode: GenerationMode
) -> None:
    asked, wrong = await surprises(house, who, list(operations(await described(house))), mode)
    assert wrong == []
    assert asked > 100


async def test_an_answer_that_is_not_described_would_be_seen(house: House) -> None:
    given = await described(house)
    path = "/api/v1/incidents/{id}"
    given["paths"] = {path: given["paths"][path]}
    del given["paths"][path]["get"]["responses"]["404"]
    _, wrong = await surprises(house, "ana", list(operations(given)), GenerationMode.POSITIVE)
    assert wrong
    assert "404" in wrong[0]
