"""Input made to break readers: always a problem of the sender, never an error of ours."""

import json
from typing import Any

import pytest
from httpx import Response
from litestar.handlers import HTTPRouteHandler

from tests.web.house import NOBODY, PROBLEM, House, filled
from zvon.model.report import MAX_REPORT_BYTES
from zvon.web.doorkeeper import PUBLIC

MIB = 1024 * 1024
JSON = {"Content-Type": "application/json"}


def refused(answer: Response, *about: object) -> str:
    """The answer is a problem of the sender, in our form; what it says."""
    assert 400 <= answer.status_code < 500, (about, answer.status_code, answer.text[:300])
    assert answer.headers["content-type"] == PROBLEM, about
    said = answer.json()
    assert said["status"] == answer.status_code
    assert said["detail"]
    return str(said["detail"])


# Read as they come, by the operation itself.
RAW = ("/playbooks/import", "/playbooks/check", "/exhibits", "/logos", "/file", "/deliveries")


def takes_body(house: House) -> set[str]:
    """The paths of all operations that read what is posted to them."""
    found = {
        route.path_format
        for route in house.app.routes
        for handler in getattr(route, "route_handlers", ())
        if isinstance(handler, HTTPRouteHandler) and "POST" in handler.http_methods
        and (handler.parsed_data_field is not None or route.path_format.endswith(RAW))
    }  # fmt: skip
    assert all(any(path.endswith(raw) for path in found) for raw in RAW)
    return found


async def write_routes(house: House) -> list[tuple[str, str, str]]:
    """Login, method and path of every API route that takes a JSON body."""
    may = {"block": "bor", "share": "bor"}
    found, reading = [], takes_body(house)
    for method, path, wanted in house.routes():
        if method != "POST" or not path.startswith("/api/v1/") or wanted == PUBLIC:
            continue
        if path not in reading:
            continue
        login = next(
            (w for w in ("ana", "bor", "ada") if house.viewers[w].may(wanted)), may.get("block")
        )
        assert login is not None
        found.append((login, method, filled(path)))
    return found


BODIES = [
    b"", b"{", b"nul", b"\xff\xfe", b"{}x", b"[]", b"7", b'"x"', b"null", b"true",
    b'{"reason": "\\ud800\\u0041"}', b'{"reason": "\\ud83d"}', b'{"text": "\xed\xa0\x80"}',
    b'{"days": 1e999}', b'{"days": NaN}', b'{"days": -Infinity}', b'{"version": 1e999}',
    b'{"days": ' + b"9" * 5000 + b"}", b'{"unknown": 1}',
    b"[" * 100 + b"]" * 100, b'{"a":' * 100 + b"1" + b"}" * 100, b"[" * 100_000,
    b'{"reason":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
]  # fmt: skip


async def test_a_broken_body_is_the_problem_of_its_sender(house: House) -> None:
    for login, method, path in await write_routes(house):
        for body in BODIES:
            answer = await house.ask(login, method, path, content=body, headers=JSON)
            if path == "/api/v1/playbooks/check":  # what is wrong with a document is its answer
                assert answer.status_code == 200, body[:40]
                assert answer.json()["ok"] is False, body[:40]
                continue
            assert refused(answer, path, body[:40])


FIELDS: list[tuple[str, str, dict[str, Any], list[Any]]] = [
    ("ana", f"/api/v1/incidents/{NOBODY}/verdict", {"word": "benign", "version": 1}, ["reason"]),
    ("ana", f"/api/v1/incidents/{NOBODY}/notes", {"text": "seen it"}, []),
    ("ana", f"/api/v1/incidents/{NOBODY}/proposals",
     {"reason": "why not", "legal_ground": "terms", "days": 3}, ["names"]),
    ("ana", "/api/v1/blocks",
     {"names": [{"name": "a.example.net"}], "reason": "why not", "legal_ground": "terms"}, []),
    ("bor", "/api/v1/blocks/approvals", {"blocks": [str(NOBODY)], "reason": "why not"}, []),
    ("ada", "/api/v1/people", {"login": "nina", "name": "Nina", "roles": ["analyst"]}, []),
    ("ada", "/api/v1/subscribers",
     {"name": "one", "brand": "bind", "address": "127.0.0.1", "notify_address": "127.0.0.1:5301"},
     []),
    ("ada", "/api/v1/peers", {"invitation": "zvon1"}, []),
    ("ada", "/api/v1/invitations", {"group_name": "csirts"}, []),
]  # fmt: skip
WRONG = [
    None,
    True,
    7,
    1.5,
    "",
    "a\0b",
    "\u202e",
    [],
    {},
    [None],
    {"a": 1},
    "x" * 100_000,
    -(2**63),
    2**63,
]


async def test_a_wrong_value_in_any_field_is_no_error_of_ours(house: House) -> None:
    for login, path, body, more in FIELDS:
        for field in [*body, *more]:
            for value in WRONG:
                answer = await house.post(login, path, {**body, field: value})
                assert answer.status_code < 500, (path, field, value, answer.text)
                if answer.status_code >= 400:
                    assert answer.headers["content-type"] == PROBLEM, (path, field)


async def test_a_wrong_type_and_an_unknown_field_are_named(house: House) -> None:
    path = "/api/v1/blocks"
    good = {"names": [{"name": "a.example.net"}], "reason": "why not", "legal_ground": "terms"}
    for field, value in (("reason", 7), ("legal_ground", None), ("names", "x"), ("days", "three")):
        answer = await house.post("ana", path, {**good, field: value})
        assert answer.status_code == 400
        assert field in json.dumps(answer.json()["errors"]), answer.text
    answer = await house.post("ana", path, {**good, "colour": "red"})
    assert answer.status_code == 400
    assert "colour" in answer.text
    nested = await house.post("ana", path, {**good, "names": [{"name": "a", "port": 1}]})
    assert nested.status_code == 400
    assert "port" in nested.text


async def test_half_characters_are_stored_nowhere(house: House) -> None:
    for body in (b'{"text": "a\\ud800b"}', b'{"text": "\\udfff"}', b'{"text": "a\\u0000b"}'):
        answer = await house.client.post("/api/v1/reports", content=body, headers=JSON)
        refused(answer, body)
    assert await house.count("report") == 0


async def test_an_address_that_is_no_text_is_refused(house: House) -> None:
    for path in (
        "/api/v1/receipts/%00", "/api/v1/receipts/%ff", "/api/v1/receipts/a%00b",
        "/api/v1/receipts/%c3%28", "/api/v1/receipts/%ed%a0%80", "/receipt/%f8%88%80%80%80",
        "/api/v1/incidents/%00", "/api/v1/incidents/%ff", "/api/v1/incidents/not-an-id",
        "/api/v1/incidents/{0}", "/api/v1/incidents?after=%00", "/api/v1/incidents?after=%ff",
        "/api/v1/incidents?tab=%c0%80", "/api/v1/incidents?limit=1e999",
        "/api/v1/incidents?limit=NaN", "/api/v1/incidents?limit=" + "9" * 400,
        "/api/v1/incidents?limit=%F0%9F%98%80", "/api/v1/blocks?state=%00",
        "/api/v1/blocks/%2e%2e%2fpeople", "/api/v1/incidents/" + "a" * 4000, "/api/v1//people",
        "/api/v1/incidents/..%2f..%2fadmin", "/%00", "/%ff", "/static/%00.css", "/link/%00",
        "/signin?next=%00", "/signin?next=%ff", "/queue?tab=%ff",
    ):  # fmt: skip
        assert refused(await house.get("ana", path), path)
    refused(await house.get("aud", "/api/v1/audit?after=99999999999999999999999"), "after")
    refused(await house.get("aud", "/api/v1/audit?after=-1"), "after")


async def test_a_large_body_is_refused_before_it_is_read_whole(house: House) -> None:
    note = f"/api/v1/incidents/{NOBODY}/notes"
    body = json.dumps({"text": "x" * 2 * MIB}).encode()
    answer = await house.ask("ana", "POST", note, content=body, headers=JSON)
    assert answer.status_code == 413
    refused(answer)
    sent = 0

    async def endless() -> Any:
        nonlocal sent
        for _ in range(64):
            sent += MIB
            yield b"x" * MIB

    answer = await house.ask("ana", "POST", note, content=endless(), headers=JSON)
    assert answer.status_code == 413
    assert sent < 8 * MIB
    for path, given in (("/signin", "login"), ("/link", "token"), ("/preferences", "lang")):
        answer = await house.client.post(path, data={given: "x" * 2 * MIB})
        assert answer.status_code == 413, path


async def test_a_report_has_a_limit_of_its_own(house: House) -> None:
    plain = {"Content-Type": "text/plain"}
    for size in (MAX_REPORT_BYTES + 1, MAX_REPORT_BYTES + 2 * MIB):
        answer = await house.client.post("/api/v1/reports", content=b"x" * size, headers=plain)
        assert answer.status_code == 413, size
        refused(answer)
    form = await house.client.post(
        "/report", files={"file": ("a.txt", b"x" * (MAX_REPORT_BYTES + 2 * MIB), "text/plain")}
    )
    assert form.status_code == 413
    assert await house.count("report") == 0


@pytest.mark.parametrize("kind", [
    "", "/", "text", "text/", "text/plain; charset=nope", "multipart/form-data",
    "multipart/form-data; boundary=", "multipart/form-data; boundary=x", "a/b;;;;=",
    "application/json; charset=utf-16", "\x7f", "text/plain; charset=" + "x" * 5000,
])  # fmt: skip
async def test_a_report_of_any_type_is_taken_or_refused_and_can_be_read(
    house: House, kind: str
) -> None:
    answer = await house.client.post(
        "/api/v1/reports", content=b"hello", headers={"Content-Type": kind}
    )
    if answer.status_code == 202:
        receipt = answer.json()
        assert (await house.get("ana", f"/api/v1/reports/{receipt['id']}")).status_code == 200
    else:
        refused(answer, kind)


async def test_a_route_that_wants_json_takes_nothing_else(house: House) -> None:
    note = f"/api/v1/incidents/{NOBODY}/notes"
    for kind in ("text/plain", "application/xml", "multipart/form-data", "\x7f",
                 "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"):  # fmt: skip
        for body in (b"text=seen", b"--x\r\n", b"\xff"):
            answer = await house.ask(
                "ana", "POST", note, content=body, headers={"Content-Type": kind}
            )
            refused(answer, kind, body)
    for body in (b"text=a%00b", b"text=%ff", b"&" * 5000, b"\xff\xfe", b"a=" * 5000):
        for path in ("/signin", "/link", "/preferences", "/signout"):
            answer = await house.client.post(
                path, content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}
            )
            assert answer.status_code < 500, (path, body[:20])


async def test_a_file_name_never_becomes_a_header(house: House) -> None:
    for name in (
        'a"\r\nX-Evil: 1\r\n',
        "../../etc/passwd",
        "a\0.eml",
        "x" * 5000,
        "š\u202eexe.eml",
    ):
        answer = await house.client.post(
            "/report", files={"file": (name, b"Subject: x\n\nbody", "text/\r\nX-Evil: 1")}
        )
        assert answer.status_code in {303, 400, 422}, name[:20]
        assert "x-evil" not in answer.headers
        assert all(v.isprintable() for v in answer.headers.values())
    broken = (
        b'--x\r\nContent-Disposition: form-data; name="file"; filename="a\r\n\r\nb\r\n--x--',
        b"--x\r\n\r\n", b"--x", b"", b"--x--", b"--x\r\nContent-Disposition: \xff\r\n\r\na\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\n\xff\xfe\r\n--x--\r\n',
        b'--x\r\nContent-Type: a; charset=nope\r\nContent-Disposition: form-data; name="text"\r\n\r\na',
        b'--x\r\nContent-Disposition: form-data; name="file"\r\n\r\nnot a file\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="text"; filename="a"\r\n\r\na\r\n--x--\r\n',
        b'--x\r\nContent-Disposition: form-data; name="text"\r\n\r\na\r\n' * 3 + b"--x--\r\n",
    )  # fmt: skip
    for body in broken:
        answer = await house.client.post(
            "/report", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"}
        )
        assert answer.status_code < 500, body


async def test_strange_headers_are_no_error_of_ours(house: House) -> None:
    for name, value in (
        ("Cookie", b"\xff\xfe"), ("Cookie", b"zvon_session=\xff"), ("Cookie", b"zvon_session=a\x00"),
        ("Cookie", b'a="; zvon_session="'), ("Accept-Language", b"\xff;q=x,,;q=1e999"),
        ("Accept-Language", b"a;q=nan," * 500), ("Accept", b"\xff"), ("Origin", b"\xff://["),
        ("Last-Event-ID", b"x"), ("Host", b"[::1"), ("X-CSRF-Token", b"\xff"),
        ("Idempotency-Key", b"\xff\x00"), ("Content-Length", b"-1"), ("HX-Request", b"\xff"),
    ):  # fmt: skip
        for method, path in (("GET", "/report"), ("GET", "/queue"), ("POST", "/api/v1/session"),
                             ("GET", "/api/v1/incidents"), ("POST", "/api/v1/reports")):  # fmt: skip
            answer = await house.client.request(
                method, path, headers={name.encode(): value},
                content=b'{"text": "x"}' if method == "POST" else None,
            )  # fmt: skip
            assert answer.status_code < 500, (name, value, path)


async def test_a_wrong_method_is_said_with_the_right_ones(house: House) -> None:
    answer = await house.ask("ana", "PUT", "/api/v1/incidents", json={})
    assert answer.status_code == 405
    refused(answer)
    assert "GET" in answer.headers["allow"]
