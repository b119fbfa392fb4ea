"""Audit records: those of one event joined, digits decoded, addresses out of sockets."""

from tests.formats.decoding import decoded, items, named, said
from zvon.formats.log.auditd import FORMAT
from zvon.model.item import Bad

LOG = b"""node=web1 type=SYSCALL msg=audit(1795336200.155:7): arch=c000003e syscall=59 success=yes a0=558e2516 comm="arp" exe="/usr/sbin/arp" key=(null)
node=web1 type=EXECVE msg=audit(1795336200.155:7): argc=2 a0="arp" a1=2D6120E2
node=web1 type=SOCKADDR msg=audit(1795336200.155:7): saddr=02000050CB007109000000000000
node=web1 type=PROCTITLE msg=audit(1795336200.155:7): proctitle=617270002D61
----
type=USER_LOGIN msg=audit(1795336201.000:8): pid=1 uid=0 msg='op=login acct="ana" exe="/usr/sbin/sshd" hostname=? addr=2001:db8::5 terminal=sshd res=failed'
hello
"""


def test_records_with_one_serial_are_one_event() -> None:
    found = decoded(FORMAT, LOG)
    first, second, bad = found[0], found[2], found[1]
    if isinstance(second, Bad):
        second, bad = bad, second
    assert not isinstance(first, Bad)
    assert not isinstance(second, Bad)
    assert isinstance(bad, Bad)
    assert bad.position == "line 7"
    assert [each["type"] for each in first.payload["records"]] == [
        "SYSCALL",
        "EXECVE",
        "SOCKADDR",
        "PROCTITLE",
    ]
    assert (first.position, first.title, first.text) == ("line 1", "SYSCALL", "arp -a")
    assert said(first) == {("ipv4", "203.0.113.9")}
    assert named(first) == {("filepath", "/usr/sbin/arp")}
    assert said(second) == {("ipv6", "2001:db8::5")}
    assert ("username", "ana") in named(second)
    assert second.position == "line 6"


def test_numbers_of_system_calls_stay_numbers() -> None:
    (item,) = items(FORMAT, LOG.split(b"\n")[0])
    assert item.payload["records"][0]["a0"] == "558e2516"
    assert "key" not in item.payload["records"][0]


def test_an_event_with_very_many_records_is_split() -> None:
    line = b'type=PATH msg=audit(1795336200.155:7): name="/a"\n'
    assert [len(each.payload["records"]) for each in items(FORMAT, line * 450)] == [200, 200, 50]


def test_it_is_recognised() -> None:
    guess = FORMAT.sniff(LOG, "audit.log")
    assert guess is not None
    assert FORMAT.sniff(b"type=x\n", "audit.log") is None
