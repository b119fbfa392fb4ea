"""The command line: `zvon <noun> <verb>`. Exit codes: 0 done, 1 not done, 2 bad input."""

import sys

from cyclopts import App

# Each is loaded only when it is asked for, so that `zvon --help` is quick.
NOUNS = {
    "up": "Start a node: database, console, worker, policy zones.",
    "status": "Say what of a node is healthy.",
    "serve": "Run one part of a node (`up` does that for you).",
    "demo": "Play the main story with two nodes and real resolvers.",
    "report": "Send in what somebody received.",
    "incident": "Incidents: the queue, states, what it was, tasks, times, exhibits.",
    "intake": "Send files into a source, or see how they would be read.",
    "quarantine": "What nobody could read, and reading it again.",
    "handover": "Handovers: what one shift leaves to the next.",
    "review": "Second opinions on what people decided.",
    "metrics": "How long things take, and situation reports.",
    "dns": "Resolvers that subscribe to the policy zones.",
    "block": "Blocks: propose, approve, lift.",
    "obligation": "Obligations: what the law asks for, and until when.",
    "neverblock": "Names that nobody can block, and changes of them for a day.",
    "probe": "Proof from inside a subscriber's network.",
    "collector": "Collectors: read sources where they are; hits of resolvers.",
    "search": "Find values and records; look up many values at once.",
    "source": "Sources: where a node gets its data from.",
    "contact": "Whom the node writes to: list, add, import, look up.",
    "constituency": "What is ours: names, networks and people that the gate protects.",
    "peer": "Partners: invite, accept, list.",
    "pseudonym": "Pseudonyms: epochs, the way back, questions about them.",
    "alerts": "Alerts of sensors: which belong together, which come first.",
    "playbook": "Playbooks: CACAO 2.0 in and out, checked.",
    "run": "Runs of playbooks: what they wait for, and trials.",
    "privacy": "What leaves this node, and what stays.",
    "purge": "Delete what had its time; legal holds.",
    "data-request": "Requests of people about their data.",
    "statistics": "Counts for outsiders, with noise and a budget.",
    "dmp": "Data management: how long which data lives, as policy and as documents.",
    "phish": "Phishing scores for addresses.",
    "text": "What a text says: indicators, techniques, language, duplicates.",
    "brand": "Protected names: who is imitated, which names are theirs.",
    "models": "Models: train, evaluate, verify.",
    "reference": "Reference data: warning lists, tags, names, techniques, networks.",
    "audit": "The record of who did what.",
    "transparency": "The public record of blocks: save, verify.",
    "backup": "Copy the database of a node.",
    "restore": "Put a copy back, and prove that it is whole.",
}

app = App(
    name="zvon",
    help="Report, validate, block in DNS and share a threat across borders.",
    help_format="plaintext",  # markdown would cost 0.1 s of imports
    version_flags=["--version"],
)
for noun, line in NOUNS.items():
    app.command(f"zvon.cli.{noun.replace('-', '_')}:app", name=noun, help=line)


def main() -> None:
    """Run the command line of this process; what a person can mend is one line, no traceback."""
    try:
        app()
    except (ValueError, LookupError, PermissionError, FileNotFoundError) as problem:
        print(f"zvon: {problem}", file=sys.stderr)
        sys.exit(2)
    except (RuntimeError, OSError) as problem:
        print(f"zvon: {problem}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
