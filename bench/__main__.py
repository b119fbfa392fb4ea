"""All measurements, or the named ones: `python -m bench [NAME …]`; each runs in its own process."""

import ast
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def names() -> list[str]:
    """The modules here that have a `main`."""
    return [
        file.stem
        for file in sorted(HERE.glob("*.py"))
        if not file.stem.startswith("_")
        and any(
            isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name == "main"
            for node in ast.parse(file.read_text("utf-8")).body
        )
    ]


def main() -> int:
    """Run them one after the other; 1 when one failed."""
    failed = []
    for name in sys.argv[1:] or names():
        print(f"\n== {name}", flush=True)
        if subprocess.run([sys.executable, "-m", f"bench.{name}"], check=False).returncode:
            failed.append(name)
    if failed:
        print(f"\nfailed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
