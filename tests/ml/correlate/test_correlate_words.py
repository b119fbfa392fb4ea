"""The grade of a signature by its words."""

import pytest

from zvon.ml.correlate.words import severity_of


@pytest.mark.parametrize(
    ("title", "level", "severity"),
    [
        ("ET TROJAN Emotet CnC Beacon", 4, 13),
        ("First time user executed sudo.", 4, 9),
        ("ET INFO Observed DNS Query to .biz TLD", 11, 3),
        ("sshd: brute force trying to get access", None, 11),
        ("Something nobody graded", None, 6),
        ("Something that its sensor graded", 12, 12),
        ("Out of scale", 99, 15),
        ("Out of scale", -4, 0),
    ],
)
def test_words_come_before_the_sensors_own_grade(
    title: str, level: int | None, severity: int
) -> None:
    assert severity_of(title, level) == severity
