"""How much an address is built like known phishing addresses: a lexical score, nothing more.

The score ranks and escalates. It never blocks and never says "safe": at one phish per thousand
addresses most of what it marks at a 1 % false-positive rate is harmless.
"""

import json
from functools import cache
from importlib import resources

from zvon.ml.url.form import score_form
from zvon.ml.url.model import BadWeights, Model, load, pack

__all__ = ["BadWeights", "Model", "load", "load_shipped", "pack", "score_form"]


@cache
def load_shipped() -> Model | None:
    """The model in the package; `None` when the package was built without one."""
    folder = resources.files("zvon.ml") / "phish_url"
    try:
        meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
        weights = (folder / "weights.npz").read_bytes()
    except FileNotFoundError:
        return None
    return load(weights, meta)
