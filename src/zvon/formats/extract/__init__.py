"""Find addresses, numbers, fingerprints and names in text, in one pass, each with its place.

Positions are half-open ranges of code points, and `text[start:end] == raw`. What only looks like
an address is left out: file names, versions, dates, two sentences without a blank between them.
"""

from zvon.formats.extract.found import Found
from zvon.formats.extract.report import extract, protected
from zvon.formats.extract.scan import scan

__all__ = ["Found", "extract", "protected", "scan"]
