"""zvon: report, validate, block and share a threat across borders."""

__version__ = "0.1.0"
