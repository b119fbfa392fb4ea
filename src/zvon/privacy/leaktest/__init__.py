"""Secrets planted in invented mails and files, and the search for them in what leaves."""

from zvon.privacy.leaktest.judge import Matrix, judge
from zvon.privacy.leaktest.plant import CARRIERS, Planted, planted

__all__ = ["CARRIERS", "Matrix", "Planted", "judge", "planted"]
