"""Which language a text is in, whole and by paragraph."""

from zvon.ml.language.identify import (
    UNDETERMINED,
    Answer,
    Paragraph,
    answer,
    answers,
    detect,
    paragraphs,
)

__all__ = ["UNDETERMINED", "Answer", "Paragraph", "answer", "answers", "detect", "paragraphs"]
