"""Addresses to listen on: free ones are found, taken ones are named before anything starts."""

import socket
import time
from contextlib import ExitStack

from zvon.config import host_port


class Taken(RuntimeError):
    """Another program listens there."""


def claim(address: str, *, udp: bool = False, wait_s: float = 10.0) -> str:
    """`address` when it can be listened on, with a free port in place of port 0.

    Waits a little, for a node that is just going down. Raises `Taken`, or `ValueError` for what is
    no address.
    """
    host, port = host_port(address)
    end = time.monotonic() + wait_s
    while True:
        try:
            port = _bind(host, port, udp)
        except PermissionError:
            raise Taken(f"port {port} needs root's rights; choose one above 1023") from None
        except OSError as problem:
            if time.monotonic() > end:
                raise Taken(f"{address}: {problem.strerror or problem}; choose another") from None
            time.sleep(0.2)
        else:
            return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _bind(host: str, port: int, udp: bool) -> int:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with ExitStack() as stack:
        stream = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        # As the servers do; a closing connection of the last run is no obstacle.
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        stream.bind((host, port))
        stream.listen(1)
        chosen: int = stream.getsockname()[1]
        if udp:
            stack.enter_context(socket.socket(family, socket.SOCK_DGRAM)).bind((host, chosen))
        return chosen


def answers(address: str, timeout_s: float = 1.0) -> bool:
    """True when something accepts a TCP connection at `address`."""
    host, port = host_port(address)
    try:
        socket.create_connection((host, port), timeout_s).close()
    except OSError:
        return False
    return True
