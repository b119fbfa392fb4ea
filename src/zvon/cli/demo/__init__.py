"""`zvon demo`: a citizen's report in one country becomes a blocked answer in two."""

from zvon.cli.demo.command import app

__all__ = ["app"]
