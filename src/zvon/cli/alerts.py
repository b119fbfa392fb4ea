"""`zvon alerts`: alerts of sensors into few, ranked, explained incidents."""

import json as json_module
import sys
from pathlib import Path
from typing import Annotated

from cyclopts import App, Parameter

from zvon.cli.alerts_check import check

app = App(name="alerts", help="Alerts of sensors: which belong together, and which come first.",
          help_format="plaintext")  # fmt: skip
app.command(check)

DONE, BAD_INPUT = 0, 2
SHOWN = 10


@app.command
def correlate(
    files: Annotated[
        list[Path], Parameter(help="CSV, Suricata EVE or Wazuh JSON; also .xz, .gz, .zst.")
    ],
    /,
    *,
    out: Annotated[Path, Parameter(help="One JSON line for each record: its incident, or null.")],
    ranking: Annotated[Path, Parameter(help="One JSON line for each incident, the first on top.")],
    hourly: Annotated[
        Path | None, Parameter(help="For each full hour the places of what was active for a day.")
    ] = None,
    policy: Annotated[
        Path | None, Parameter(help="Numbers of the correlation (TOML); else ours.")
    ] = None,
    json: Annotated[bool, Parameter(help="Print one JSON object.", negative=())] = False,
) -> int:
    """Say of each alert in FILES which incident it belongs to, and rank the incidents.

    Records are counted from 0 in each file; the header of a table is none. They may be in any
    order. What recurs without being grave belongs to no incident; it is not lost, it is null.
    Needs no node, database or network. Exit code 2 when there is nothing that can be read.
    """
    from zvon.cli.alerts_read import EXAMPLES, Records
    from zvon.cli.alerts_run import run
    from zvon.cli.alerts_write import hourly_lines, ranking_lines, record_lines, write
    from zvon.locale import translator
    from zvon.locale.correlate import explain
    from zvon.ml.correlate import policy as policies
    from zvon.ml.correlate.link import Reason

    english = translator("en")

    def say(reason: Reason) -> str:
        return explain(english, reason.code, reason.params)

    numbers = policies.shipped() if policy is None else policies.read(policy.read_bytes())
    records = Records()
    for file in files:
        if not file.is_file():
            raise FileNotFoundError(f"{file}: no such file")
    for file in files:
        records.read(file)
    if records.bad > EXAMPLES:
        print(f"… {records.bad - EXAMPLES} more records cannot be read", file=sys.stderr)
    if not records.alerts:
        print("there is no alert in these files", file=sys.stderr)
        return BAD_INPUT
    result = run(records, numbers, hourly=hourly is not None)
    write(out, record_lines(records, result))
    write(ranking, ranking_lines(result.ranking, say))
    if hourly is not None:
        write(hourly, hourly_lines(result.hourly))
    inside = int((result.incident >= 0).sum())
    totals = {
        "records": len(records.kinds), "alerts": records.alerts, "bad": records.bad,
        "others": records.others, "in_incidents": inside, "background": records.alerts - inside,
        "incidents": len(result.ranking), "policy": numbers.version,
    }  # fmt: skip
    if json:
        print(json_module.dumps(totals))
        return DONE
    print(f"{totals['alerts']:,} alerts of {totals['records']:,} records", end="")
    print(f" ({records.bad:,} cannot be read)" if records.bad else "")
    print(
        f"{totals['incidents']:,} incidents with {inside:,} alerts; {totals['background']:,} are background"
    )
    for each in result.ranking[:SHOWN]:
        first = say(each.reasons[0]) if each.reasons else ""
        first = "".join(c if c.isprintable() else "�" for c in first)
        print(f"{each.rank:>4}. {each.score:7.2f}  {each.alerts:>7,} alerts  {first}")
    return DONE
