"""Presidio over labelled mails, in an environment of its own: `python _presidio.py HOW < mails`.

Reads a line with a list of names, then one JSON object `{"text"}` a line, and prints `{"spans": [[[start, end, type]]],
"mails_per_s"}`. HOW is `as it comes`, or `with SI and HR`: then with recognisers for the numbers,
telephones, addresses, hosts and names of the two countries, as a team would write them in a day.
"""

import json
import re
import sys
import time
from typing import Any

from presidio_analyzer import EntityRecognizer, Pattern, PatternRecognizer, RecognizerResult
from presidio_analyzer import RecognizerRegistry as Registry
from presidio_analyzer.nlp_engine import NlpArtifacts, NlpEngine

# Type, pattern, score, words that raise it.
OURS = (
    ("EMSO", r"\b\d{13}\b", 0.5, ("emšo", "jmbg", "matični broj")),
    ("OIB", r"\b\d{11}\b", 0.2, ("oib",)),
    ("TAX", r"\b(?:SI)?\d{8}\b", 0.2, ("davčna", "ddv", "id za ddv")),
    ("PHONE", r"(?<!\w)(?:\+38[56]|00 ?38[56]|\(?0\d{1,2}\)?)[ /-]?\d{2,4}(?:[ -]?\d{2,4}){1,3}(?!\w)", 0.5, ()),
    ("ADDR", r"\b[A-ZČŠŽĆĐ][\wčšžćđ]+(?: [\wčšžćđ]+){0,3} \d{1,4}[a-z]?, (?:SI-|HR-)?\d{4,5} [A-ZČŠŽĆĐ][\wčšžćđ]+\b", 0.6, ()),
    ("ADDR", r"\b(?:Ulica|Cesta|Trg|Ul\.|Avenija)(?: [\wčšžćđČŠŽĆĐ]+){1,4} \d{1,4}[a-z]?\b", 0.6, ()),
    ("HOST", r"\b[\w-]+(?:\.[\w-]+)*\.(?:local|lan|internal|intra|corp)\b", 0.6, ()),
    ("HOST", r"\b(?:srv|pc|ws|nb|lap|dc|fs|laptop|desktop)-?[\w-]*\d+\b", 0.5, ()),
    ("CIDR", r"\b(?:\d{1,3}\.){3}\d{1,3}/\d{1,2}\b", 0.6, ()),
    ("USER", r"\b[A-Z][\w-]+\\[\w.-]+\b", 0.6, ()),
    ("NAME", r"(?<!\w)(?:g\.|ga\.|dr\.|mag\.|gosp\.|gđa|gdin|Mr\.?|Mrs\.?|Ms\.?) ?[A-ZČŠŽĆĐ][\wčšžćđ]+(?: [A-ZČŠŽĆĐ][\wčšžćđ]+)?", 0.6, ()),
    ("ORG", r"\b[A-ZČŠŽĆĐ][\wčšžćđ]+(?: [\wčšžćđ]+){0,4},? (?:d\. ?o\. ?o\.|d\. ?d\.|s\. ?p\.|j\. ?d\. ?o\. ?o\.)", 0.6, ()),
    ("SECRET", r"(?i)(?<=geslo: )\S+|(?<=lozinka: )\S+|(?<=password: )\S+", 0.6, ()),
)  # fmt: skip
LEAST = 0.35


class NoModel(NlpEngine):  # type: ignore[misc]
    """No model of a language: words only, as pattern recognisers need them."""

    def load(self) -> None:
        """Nothing to load."""

    def is_loaded(self) -> bool:
        return True

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        found = list(re.finditer(r"\w+|[^\w\s]", text))
        words = [m[0] for m in found]
        starts = [m.start() for m in found]
        lowered = [word.lower() for word in words]
        return NlpArtifacts([], words, starts, lowered, self, language)

    def process_batch(self, texts: Any, language: str, **_: Any) -> Any:
        return ((text, self.process_text(text, language)) for text in texts)

    def is_stopword(self, word: str, language: str) -> bool:
        return False

    def is_punct(self, word: str, language: str) -> bool:
        return False

    def get_supported_entities(self) -> list[str]:
        return []

    def get_supported_languages(self) -> list[str]:
        return ["en"]


class Listed(EntityRecognizer):  # type: ignore[misc]
    """Names by list, with case endings cut: a listed first name and the word behind it."""

    def __init__(self, names: list[str]) -> None:
        self.names = frozenset(names)
        super().__init__(["NAME"], name="listed")

    def load(self) -> None:
        """Nothing to load."""

    def analyze(self, text: str, entities: Any, nlp_artifacts: Any) -> list[Any]:
        pairs = re.finditer(r"\b(?=([A-ZČŠŽĆĐ]\w+)[ ]([A-ZČŠŽĆĐ][\w-]+))", text)
        return [
            RecognizerResult("NAME", m.start(1), m.end(2), 0.6)
            for m in pairs
            if any(self._listed(word.lower()) for word in m.groups())
        ]

    def _listed(self, word: str) -> bool:
        stems = [word[: len(word) - cut] for cut in range(4) if len(word) - cut >= 3]
        return any(stem + end in self.names for stem in stems for end in ("", "a", "o", "e"))


def main() -> int:
    """Analyse what comes in."""
    from presidio_analyzer import AnalyzerEngine

    names = json.loads(sys.stdin.readline())
    mails = [json.loads(line) for line in sys.stdin if line.strip()]
    registry = Registry()
    registry.load_predefined_recognizers(languages=["en"], nlp_engine=NoModel())
    if sys.argv[1] != "as it comes":
        for number, (kind, regex, score, words) in enumerate(OURS):
            pattern = Pattern(f"{kind}{number}", regex, score)
            registry.add_recognizer(
                PatternRecognizer(kind, name=f"{kind}{number}", patterns=[pattern], context=list(words))
            )  # fmt: skip
        registry.add_recognizer(Listed(names))
    engine = AnalyzerEngine(registry=registry, nlp_engine=NoModel(), supported_languages=["en"])
    spans = []
    start = time.thread_time()
    for mail in mails:
        found = engine.analyze(mail["text"], language="en", score_threshold=LEAST)
        spans.append([[r.start, r.end, r.entity_type] for r in found])
    spent = time.thread_time() - start
    print(json.dumps({"spans": spans, "mails_per_s": len(mails) / spent}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
