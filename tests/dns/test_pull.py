"""The kit's shell script that fetches lists, and Knot Resolver and Unbound that read them."""

import asyncio
import hashlib
import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.dns.publisher import subscriber
from tests.dns.test_relay import until_blocked
from tests.programs import program
from zvon.cli.demo.resolvers import _end, _spawn, free_port
from zvon.dns.ask import Asker
from zvon.dns.kit import kit
from zvon.dns.kit.pull import FOLDER

HEAD = (
    "$ORIGIN si.zvon.\n$TTL 60\n@ SOA localhost. h.localhost. 1 60 30 604800 60\n@ NS localhost.\n"
)
KEY = "zk_secret"


class Node:
    """An export over HTTP as the API gives it: key, entity tag, checksum."""

    def __init__(self) -> None:
        self.body = b""
        self.checksum: str | None = None
        self.answers: list[int] = []
        node = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                tag = f'"{hashlib.sha256(node.body).hexdigest()}"'
                code = 200
                if self.headers["Authorization"] != f"Bearer {KEY}":
                    code = 401
                elif not self.path.startswith("/api/v1/feeds/si/export/"):
                    code = 404
                elif self.headers["If-None-Match"] == tag:
                    code = 304
                node.answers.append(code)
                self.send_response(code)
                self.send_header("ETag", tag)
                body = node.body if code == 200 else b""
                self.send_header("X-Checksum-Sha256",
                                 node.checksum or hashlib.sha256(node.body).hexdigest())  # fmt: skip
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def has(self, *names: str) -> None:
        """Publish these."""
        self.body = (HEAD + "".join(f"{name} CNAME .\n" for name in names)).encode()


@pytest.fixture
def node() -> Iterator[Node]:
    if shutil.which("curl") is None:
        pytest.skip("needs curl: apt-get install curl")
    made = Node()
    yield made
    made.server.shutdown()
    made.server.server_close()


def install(brand: str, folder: Path, node: Node, place: str) -> None:
    """The kit in one folder."""
    for file in kit(subscriber(brand), "127.0.0.1:5300", None, url=node.url):
        text = file.text.replace(place, str(folder)).replace("/etc/zvon", str(folder))
        (folder / file.path).write_text(text.replace("@API_KEY@", KEY), encoding="utf-8")


def pull(folder: Path, *more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["sh", str(folder / "zvon-pull.sh"), str(folder / "pull.conf"), *more],
                          capture_output=True, text=True, check=False, timeout=60)  # fmt: skip


def test_only_a_whole_list_with_the_right_checksum_takes_the_place_of_the_old(
    node: Node, tmp_path: Path
) -> None:
    install("kresd", tmp_path, node, FOLDER)
    got = tmp_path / "si.rpz"
    node.has("one.example")
    assert pull(tmp_path).returncode == 0
    assert got.read_bytes() == node.body
    assert pull(tmp_path).returncode == 0
    assert node.answers == [200, 304]
    before = got.read_bytes()
    node.has("two.example")
    node.checksum = "0" * 64
    said = pull(tmp_path)
    assert (said.returncode, got.read_bytes()) == (1, before)
    assert "checksum" in said.stderr
    node.checksum = None
    assert pull(tmp_path).returncode == 0
    assert got.read_bytes() == node.body


def test_a_list_that_shrinks_by_more_than_a_third_waits_for_a_person(
    node: Node, tmp_path: Path
) -> None:
    install("kresd", tmp_path, node, FOLDER)
    node.has(*(f"n{n}.example" for n in range(300)))
    assert pull(tmp_path).returncode == 0
    node.has("n1.example")
    said = pull(tmp_path)
    assert (said.returncode, "shrank" in said.stderr) == (1, True)
    assert b"n299.example" in (tmp_path / "si.rpz").read_bytes()
    assert pull(tmp_path, "--accept-shrink").returncode == 0
    assert b"n299.example" not in (tmp_path / "si.rpz").read_bytes()


def test_a_wrong_key_and_a_node_that_is_away_leave_the_list(node: Node, tmp_path: Path) -> None:
    install("kresd", tmp_path, node, FOLDER)
    node.has("one.example")
    assert pull(tmp_path).returncode == 0
    (tmp_path / "pull.header").write_text("Authorization: Bearer wrong\n")
    assert pull(tmp_path).returncode == 1
    node.server.shutdown()
    node.server.server_close()
    assert pull(tmp_path).returncode == 1
    assert (tmp_path / "si.rpz").read_bytes() == node.body


@pytest.mark.server("kresd")
async def test_knot_resolver_takes_a_new_list_without_a_restart(node: Node, tmp_path: Path) -> None:
    install("kresd", tmp_path, node, FOLDER)
    node.has("one.example")
    assert (await asyncio.to_thread(pull, tmp_path)).returncode == 0
    port = free_port()
    (tmp_path / "kresd.conf").write_text(
        f"net.listen('127.0.0.1', {port}, {{ kind = 'dns' }})\n"
        f"cache.open(10 * MB, 'lmdb://{tmp_path}/cache')\n"
        "modules.unload('ta_update')\nmodules.unload('priming')\ntrust_anchors.remove('.')\n"
        f"dofile('{tmp_path}/zvon.lua')\n", encoding="utf-8",
    )  # fmt: skip
    process = await _spawn([program("kresd") or "kresd", "-n", "-c", str(tmp_path / "kresd.conf"),
                            str(tmp_path)], tmp_path, "kresd")  # fmt: skip
    try:
        assert await until_blocked(port, "one.example"), (tmp_path / "kresd.log").read_text()
        node.has("one.example", "two.example")
        assert (await asyncio.to_thread(pull, tmp_path)).returncode == 0
        assert await until_blocked(port, "two.example"), (tmp_path / "kresd.log").read_text()
        # Told to those who ask for it: blocked (RFC 8914, 15), and where to read more.
        asker = await Asker.to("127.0.0.1", port)
        answer = await asker.ask("two.example", timeout=2)
        asker.close()
        assert answer is not None
        assert f"{node.url}/check".encode() in answer.raw
    finally:
        await _end([process])


@pytest.mark.server("unbound")
async def test_the_unbound_of_a_firewall_takes_a_new_list(node: Node, tmp_path: Path) -> None:
    install("pfsense", tmp_path, node, "/var/unbound/zvon")
    control = program("unbound-control")
    conf = tmp_path / "unbound.conf"
    settings = (tmp_path / "pull.conf").read_text()
    assert "unbound-control -c /var/unbound/unbound.conf auth_zone_reload $1.zvon" in settings
    (tmp_path / "pull.conf").write_text(
        settings.replace("unbound-control -c /var/unbound/unbound.conf", f"{control} -c {conf}")
    )
    port = free_port()
    conf.write_text(
        f'server:\n  directory: "{tmp_path}"\n  username: ""\n  chroot: ""\n  pidfile: ""\n'
        f'  use-syslog: no\n  interface: 127.0.0.1@{port}\n  module-config: "validator iterator"\n'
        f'include: "{tmp_path}/zvon-rpz.conf"\n'
        f"remote-control:\n  control-enable: yes\n  control-use-cert: no\n"
        f'  control-interface: "{tmp_path}/control.sock"\n', encoding="utf-8",
    )  # fmt: skip
    node.has("one.example")
    # The reload fails as long as nothing runs; the list is there nevertheless.
    await asyncio.to_thread(pull, tmp_path)
    process = await _spawn([program("unbound") or "unbound", "-d", "-p", "-c", str(conf)], tmp_path,
                           "unbound")  # fmt: skip
    try:
        assert await until_blocked(port, "one.example"), (tmp_path / "unbound.log").read_text()
        node.has("one.example", "two.example")
        said = await asyncio.to_thread(pull, tmp_path)
        assert said.returncode == 0, said.stdout + said.stderr
        assert await until_blocked(port, "two.example"), (tmp_path / "unbound.log").read_text()
    finally:
        await _end([process])


def test_the_script_is_plain_sh() -> None:
    (script,) = [
        f for f in kit(subscriber("kresd"), "127.0.0.1:5300", None) if f.path.endswith(".sh")
    ]
    assert subprocess.run(["sh", "-n"], input=script.text, text=True, check=False).returncode == 0
