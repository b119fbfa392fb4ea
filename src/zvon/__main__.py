"""`python -m zvon` is `zvon`."""

from zvon.cli import main

main()
