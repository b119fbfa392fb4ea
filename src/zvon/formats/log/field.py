"""What the fields of logs hold, by the names that most programs give them."""

from collections.abc import Iterator, Mapping
from typing import Any

from zvon.formats.found import NAMED, REPORTER, SAID, Found, Take, of, take_file, take_user
from zvon.model.item import ValueRole
from zvon.model.observable import ObservableType

_T = ObservableType
Meaning = tuple[Take, ValueRole]

# Fields are looked at down to here; more of one line is kept and not gone through.
MAX_LEVEL = 6
MAX_FIELDS = 1000

_ADDRESS = (
    "ip", "src", "dst", "ipaddress", "ipaddr", "ipv4", "ipv6", "srcip", "sourceip", "srcaddr", "sourceaddress",
    "sourceipaddress", "dstip", "destip", "destinationip", "destaddr", "destaddress", "dstaddr",
    "destinationaddress", "clientip", "clientipaddress", "clientaddr", "clientaddress", "remoteip",
    "remoteaddr", "remoteaddress", "serverip", "serveraddr", "xforwardedfor", "peeraddr", "src4addr",
    "dst4addr", "src6addr", "dst6addr", "callingstationid", "framedipaddress", "actoripaddress",
    "fileoriginip", "attackerip", "targetip", "victimip", "iporiginal", "resolvedip", "rhost", "ipstr", "networksourceipv4", "networkdestinationipv4",
    "networksourceipv6", "networkdestinationipv6", "ipsrc", "ipdst",
)  # fmt: skip
_HOST = (
    "domain", "fqdn", "qname", "query", "queryname", "rrname", "servername", "sni", "dnsname",
    "destinationhostname", "desthost", "dsthost", "remotehost", "httphost", "urldomain",
    "destinationdomain", "targetdomain",
)  # fmt: skip
_MACHINE = ("computer", "computername", "devicename", "machinename", "workstation",
            "workstationname", "agentname", "hostname", "logsource", "reporter")  # fmt: skip
_USER = ("user", "username", "userid", "upn", "userprincipalname", "account", "accountname", "login",
         "srcuser", "dstuser", "targetusername", "subjectusername", "targetuser", "accountupn",
         "acct", "mailboxownerupn", "samaccountname")  # fmt: skip
# The value itself, of whatever type.
INDICATORS = ("indicator", "ioc", "iocvalue", "indicatorvalue", "observable", "observablevalue",
              "threatvalue")  # fmt: skip
_MAIL = ("email", "mail", "emailaddress", "mailfrom", "sender", "senderaddress", "recipient",
         "recipients", "recipientaddress", "rcptto", "envelopefrom", "envelopeto")  # fmt: skip
_HASH = ("md5", "sha1", "sha256", "sha512", "hash", "filehash", "md5after", "sha1after", "sha256after",
         "md5hash", "sha1hash", "sha256hash")  # fmt: skip
_FILE = ("filename", "filepath", "image", "exe", "executable", "imagepath",
         "targetfilename", "processname", "processpath", "newprocessname", "attachment")  # fmt: skip


def take_any(found: Found, text: Any, role: ValueRole) -> bool:
    """Takes a value by what it looks like: an address, hash, link, mail address or name."""
    if isinstance(text, list):
        return sum(take_any(found, each, role) for each in text) > 0
    if not isinstance(text, str):
        return False
    if "://" in text:
        return found.add(_T.URL, text, role)
    if "@" in text:
        return found.add(_T.EMAIL, text, role)
    if text[:4].upper() == "CVE-":
        return found.add(_T.CVE, text, role)
    return found.hash(text, role) or (" " not in text.strip() and found.host(text, role))


def _path(found: Found, text: Any, role: ValueRole) -> bool:
    """Takes a path with folders; a `path` is often something else."""
    folders = isinstance(text, str) and len(text) > 2 and ("\\" in text or text.count("/") > 1)
    return folders and found.add(_T.FILEPATH, text, role)


FIELDS: dict[str, Meaning] = {
    **dict.fromkeys(_ADDRESS, (Found.address, SAID)),
    **dict.fromkeys(_HOST, (Found.host, SAID)),
    **dict.fromkeys(_MACHINE, (Found.machine, REPORTER)),
    **dict.fromkeys(_USER, (take_user, NAMED)),
    **dict.fromkeys(_MAIL, (of(_T.EMAIL), NAMED)),
    **dict.fromkeys(_HASH, (Found.hash, SAID)),
    **dict.fromkeys(_FILE, (take_file, NAMED)),
    **dict.fromkeys(("url", "uri", "requesturl", "remoteurl", "fileoriginurl", "link", "fullurl"),
                    (of(_T.URL), SAID)),
    **dict.fromkeys(("referrer", "referer", "httprefer", "httpreferer"), (of(_T.URL), NAMED)),
    **dict.fromkeys(("useragent", "httpuseragent"), (of(_T.USERAGENT), NAMED)),
    **dict.fromkeys(("mac", "macaddress", "srcmac", "dstmac", "clientmac"), (of(_T.MAC), NAMED)),
    **dict.fromkeys(("cve", "cveid", "cves"), (of(_T.CVE), NAMED)),
    **dict.fromkeys(("asn", "asnumber"), (of(_T.ASN), NAMED)),
    **dict.fromkeys(("registrykey", "regkey", "targetobject"), (of(_T.REGKEY), NAMED)),
    **dict.fromkeys(("messageid", "msgid", "internetmessageid"), (of(_T.MSG_ID), NAMED)),
    **dict.fromkeys(INDICATORS, (take_any, SAID)),
    **dict.fromkeys(("path", "folderpath", "directory"), (_path, NAMED)),
    "ja3": (of(_T.JA3), SAID), "ja3hash": (of(_T.JA3), SAID), "ja3s": (of(_T.JA3S), SAID),
    "ja4": (of(_T.JA4), SAID), "imphash": (of(_T.IMPHASH), SAID), "ssdeep": (of(_T.SSDEEP), SAID),
    "iban": (of(_T.IBAN), NAMED), "phone": (of(_T.PHONE), NAMED),
    "pipename": (of(_T.PIPE), NAMED), "servicename": (of(_T.SERVICE), NAMED),
}  # fmt: skip
MARKS = str.maketrans("", "", "_-@ ")

TIMES = ("@timestamp", "timestamp", "time", "eventtime", "ts", "datetime", "date", "timegenerated",
         "timecreated", "created_at", "createdat", "creationtime", "event_time", "_ts", "logtime",
         "published", "observed", "lastseen", "last_seen", "activitydatetime")  # fmt: skip


def take_fields(found: Found, value: dict[str, Any], fields: dict[str, Meaning] = FIELDS) -> None:
    """Add every value that stands in a field with a known name, at any level."""
    for key, each in flat(value):
        meaning = _meaning(key, fields)
        if meaning is not None:
            meaning[0](found, each, meaning[1])


def flat(value: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    """Fields with the names above them joined by dots; lists of objects count as one of them."""
    left = MAX_FIELDS
    pending: list[tuple[str, Any, int]] = [("", value, 0)]
    while pending and left:
        prefix, inside, level = pending.pop()
        for key, each in inside.items():
            name = f"{prefix}{key}"
            if isinstance(each, dict):
                if level < MAX_LEVEL:
                    pending.append((f"{name}.", each, level + 1))
                continue
            if isinstance(each, list) and each and isinstance(each[0], dict):
                if level < MAX_LEVEL:
                    pending += [
                        (f"{name}.", one, level + 1) for one in each if isinstance(one, dict)
                    ]
                continue
            yield name, each
            left -= 1
            if not left:
                return


def time_in(value: dict[str, Any]) -> Any:
    """What stands in the first field that is called like a time; none when there is none."""
    named = {key.lower(): each for key, each in value.items()}
    return next((named[key] for key in TIMES if named.get(key)), None)


def _meaning(key: str, fields: dict[str, Meaning]) -> Meaning | None:
    """By the last two parts of the name joined (`source.ip`), else by the last."""
    last = key.lower().translate(MARKS).rsplit(".", 2)
    if len(last) > 1 and (found := fields.get(last[-2] + last[-1])):
        return found
    return fields.get(last[-1])


def take_known(found: Found, fields: Mapping[str, Any], meanings: Mapping[str, Meaning]) -> None:
    """Take the values of the fields whose meaning a format knows."""
    for key, value in fields.items():
        if key in meanings:
            take, role = meanings[key]
            take(found, value, role)
