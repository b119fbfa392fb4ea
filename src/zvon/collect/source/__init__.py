"""Every way in: kinds of sources, and what reads them."""

from zvon.collect.source.kind import BadSettings, Failed, Kind, Reading

__all__ = ["BadSettings", "Failed", "Kind", "Reading"]
