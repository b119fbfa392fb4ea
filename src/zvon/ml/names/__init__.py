"""Names of actors, malware and tools in a text."""

from zvon.ml.names.find import Mark, Names, build, find

__all__ = ["Mark", "Names", "build", "find"]
