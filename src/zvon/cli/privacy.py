"""`zvon privacy`: what would leave to a group, decided on this machine alone."""

from cyclopts import App

from zvon.cli.privacy_calibrate import calibrate
from zvon.cli.privacy_eval import evaluate
from zvon.cli.privacy_flow import flow
from zvon.cli.privacy_iep import iep
from zvon.cli.privacy_leaktest import leaktest
from zvon.cli.privacy_ledger import disclosures, labels
from zvon.cli.privacy_share import share

app = App(name="privacy", help="What leaves this node, and what stays.", help_format="plaintext")
app.command(share)
app.command(evaluate, name="eval")
app.command(calibrate)
app.command(flow)
app.command(iep)
app.command(leaktest)
app.command(disclosures)
app.command(labels)

__all__ = ["app", "evaluate", "share"]
