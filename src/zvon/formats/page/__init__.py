"""Facts of web pages, read from their bytes."""

from zvon.formats.page.facts import Reading, Resource, read, reading

__all__ = ["Reading", "Resource", "read", "reading"]
