"""What programs write inside a line of syslog: CEF, LEEF, or JSON of a sensor."""

from zvon.formats.json_value import BadJson, value_of
from zvon.formats.log import cef, eve, json_lines, leef, wazuh
from zvon.model.item import Item, Options

# Some programs write this before their JSON (lumberjack, MITRE CEE).
_COOKIE = "@cee:"


def embedded(message: str, position: str, options: Options) -> Item | None:
    """The event that a message holds, read as its own format would be; none for plain words."""
    if "CEF:" in message:
        return cef.read_line(message, position, options)
    if "LEEF:" in message:
        return leef.read_line(message, position, options)
    start = message.removeprefix(_COOKIE).lstrip()
    if not start.startswith("{"):
        return None
    try:
        value = value_of(start.encode("utf-8", "replace"))
    except BadJson:
        return None
    if not isinstance(value, dict):
        return None
    for read in (eve.read_object, wazuh.read_object):
        item = read(value, position, options)
        if item is not None:
            return item
    return json_lines.read_object(value, position, options)
