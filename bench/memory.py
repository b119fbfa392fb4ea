"""Memory of an idle node with its PostgreSQL: the proportional sizes of all its processes.

`python -m bench.memory`. Goal: 400 MB. Linux only (`smaps_rollup`).
"""

import json
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

GOAL_MB = 400
IDLE_S = 20


def family(pid: int) -> list[int]:
    """A process and everything that it started."""
    parents: dict[int, int] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parents[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            continue
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found


def proportional_mb(pid: int) -> float:
    """Its memory; a page that n processes share counts 1/n for each."""
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    match = re.search(r"^Pss:\s+(\d+) kB", text, re.MULTILINE)
    return int(match[1]) / 1024 if match else 0.0


def title(pid: int) -> str:
    """What the process is, for a person."""
    line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode().strip()
    if match := re.search(r"zvon (serve \w+|up)", line):
        return f"zvon {match[1]}"
    return "postgres"


def main() -> int:
    """Start a node, let it rest, add up."""
    folder = Path(tempfile.mkdtemp(prefix="zvon-bench-"))
    folder.chmod(0o755)
    node = subprocess.Popen(
        [sys.executable, "-m", "zvon", "up", "--json", "--root", folder / "node",
         "--http", "127.0.0.1:0", "--peer", "127.0.0.1:0", "--dns", "127.0.0.1:0"],
        stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert node.stdout is not None
        for line in node.stdout:
            if json.loads(line)["event"] == "ready":
                break
        else:
            print("the node did not start")
            return 1
        time.sleep(IDLE_S)
        sums: dict[str, float] = {}
        for pid in family(node.pid):
            sums[title(pid)] = sums.get(title(pid), 0.0) + proportional_mb(pid)
        for name, size in sums.items():
            print(f"  {name:<20} {size:6.0f} MB")
        total = sum(sums.values())
        print(f"an idle node: {total:.0f} MB (goal {GOAL_MB} MB)")
        return 0 if total <= GOAL_MB else 1
    finally:
        node.terminate()
        node.wait()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
