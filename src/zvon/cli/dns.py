"""`zvon dns`: resolvers that subscribe to the policy zones, their kits, and what blocks a name."""

from cyclopts import App

from zvon.cli import dns_feed, dns_subscriber
from zvon.cli.dns_check import check
from zvon.cli.dns_explain import explain
from zvon.cli.dns_export import export
from zvon.cli.dns_kit import fanout, kit
from zvon.cli.dns_pull import pull
from zvon.cli.dns_update import export_rfc2136

app = App(name="dns", help="Resolvers that subscribe to the policy zones.", help_format="plaintext")
subscriber = dns_subscriber.app
app.command(subscriber)
app.command(dns_feed.app)
for command in (kit, fanout, check, explain, export, export_rfc2136, pull):
    app.command(command)
