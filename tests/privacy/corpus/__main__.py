"""`python -m tests.privacy.corpus dev > dev.jsonl`: a split as JSON Lines, one mail a line."""

import sys

import msgspec

from tests.privacy.corpus import mails

match sys.argv[1:]:
    case ["dev" | "test" as split]:
        for mail in mails("dev" if split == "dev" else "test"):
            sys.stdout.buffer.write(msgspec.json.encode(mail) + b"\n")
    case _:
        sys.exit("python -m tests.privacy.corpus dev|test")
