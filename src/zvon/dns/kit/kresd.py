"""Knot Resolver 5 and 6: it takes no transfers, so a timer fetches the list as a file.

Of the triggers it has only names (5.6: "NYI" for the others), and a rule that points to a landing
page is ignored, so the list for it has NXDOMAIN there.
"""

from zvon.dns.kit import pull
from zvon.dns.kit.layout import KitFile, Layout

_ALLOW = """\
; Names that you never want blocked, whatever the feeds say. Yours: no update touches this file.
; good.example       CNAME rpz-passthru.
; *.good.example     CNAME rpz-passthru.
$ORIGIN allow.zvon.
$TTL 60
@ SOA localhost. hostmaster.localhost. 1 60 30 604800 60
@ NS localhost.
"""
_LUA = """\
-- Knot Resolver 5, from kresd.conf: dofile('/etc/knot-resolver/zvon.lua')
-- Needs lua-cqueues, or a changed list would not be seen before the next restart.
-- A list that is not there yet is left out: the resolver starts, and blocks nothing.
modules = { 'policy', 'hints > iterate' }
local ffi = require('ffi')
local folder = '@FOLDER@/'
local deny = policy.DENY_MSG('@MESSAGE@')
local function rules(name)
  local file = io.open(folder .. name)
  if file == nil then return function() end end
  file:close()
  return policy.rpz(deny, folder .. name, true)
end
"""
_ENFORCE = """\
for _, name in ipairs({ @FILES@ }) do policy.add(rules(name)) end
"""
# The wrapped rule is asked and never obeyed, also where its action is not the one we gave.
_LOG = """\
for _, name in ipairs({ @FILES@ }) do
  local find = rules(name)
  policy.add(function(req, query)
    if find(req, query) ~= nil then
      log_notice(ffi.C.LOG_GRP_POLICY, 'zvon log-only: %s has %s', name, kres.dname2str(query:name()))
    end
  end)
end
"""


def files(layout: Layout) -> list[KitFile]:
    """The puller, and the configuration of version 5 and of version 6."""
    names = ["allow.rpz", *(f"{feed}.rpz" for feed in layout.subscriber.feeds)]
    # The names that pass stand first: the first rule that is found is the last one that is asked.
    lua = (_LUA + (_LOG if layout.logs_only else _ENFORCE)).replace("@FOLDER@", pull.FOLDER)
    lua = lua.replace("@MESSAGE@", f"blocked: {layout.url}/check")
    lua = lua.replace("@FILES@", ", ".join(f"'{name}'" for name in names))
    made = [
        KitFile("zvon.lua", lua, "version 5: /etc/knot-resolver/zvon.lua, see its first line"),
        KitFile("allow.rpz", _ALLOW, f"to {pull.FOLDER}/allow.rpz: your own exceptions"),
        pull.script(),
        *pull.settings(layout, form="kresd", suffix="rpz", after="", folder=pull.FOLDER),
        *pull.timer(),
    ]
    if not layout.logs_only:
        made.insert(1, KitFile("zvon.yaml", _yaml(names), "version 6: merge with config.yaml"))
    return made


def _yaml(names: list[str]) -> str:
    text = "# Knot Resolver 6 has no log-only. `watchdog` reads a changed list at once.\nlocal-data:\n  rpz:\n"
    return text + "".join(
        f"    - file: {pull.FOLDER}/{name}\n      watchdog: true\n" for name in names
    )
