"""A document of a data policy, before it is a file."""

from enum import StrEnum

from msgspec import Struct

from zvon.formats.paper.block import Block, Paper


class Kind(StrEnum):
    """Which document: the plan, the record of processing (GDPR, Article 30), the DPIA (Article 35)."""

    PLAN = "dmp"
    PROCESSING = "processing"
    ASSESSMENT = "dpia"


class Document(Struct, frozen=True, kw_only=True):
    """A whole document. `live` are indexes of the blocks that show the state of a node.

    What is not live follows from the policy alone, so that it can be written again and compared.
    """

    kind: Kind
    country: str
    lang: str
    title: str
    blocks: tuple[Block, ...]
    live: frozenset[int]
    policy_sha256: str
    policy_line: str
    made_line: str

    def paper(self) -> Paper:
        """The document without what makes it one of a policy."""
        return Paper(lang=self.lang, title=self.title, blocks=self.blocks,
                     foot=(self.policy_line, self.made_line))  # fmt: skip
