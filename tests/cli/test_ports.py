"""Addresses are checked before anything starts."""

import socket

import pytest

from zvon.cli.ports import Taken, answers, claim
from zvon.config import host_port


def test_port_nought_becomes_a_free_one_for_both_protocols() -> None:
    address = claim("127.0.0.1:0", udp=True)
    host, port = host_port(address)
    assert host == "127.0.0.1"
    assert port > 0
    assert not answers(address, 0.2)


def test_a_taken_port_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        address = f"127.0.0.1:{other.getsockname()[1]}"
        assert answers(address)
        with pytest.raises(Taken, match=address):
            claim(address, wait_s=0)


def test_a_port_taken_for_udp_alone_is_taken() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{other.getsockname()[1]}"
        assert claim(address, wait_s=0) == address
        with pytest.raises(Taken):
            claim(address, udp=True, wait_s=0)


def test_an_ipv6_address_keeps_its_brackets() -> None:
    if not socket.has_ipv6:
        pytest.skip("no IPv6 here")
    try:
        assert claim("[::1]:0").startswith("[::1]:")
    except Taken:
        pytest.skip("no IPv6 loopback here")


def test_what_is_no_address_is_refused() -> None:
    with pytest.raises(ValueError, match="host:port"):
        claim("localhost")
