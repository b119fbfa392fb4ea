"""A trained model in its folder. Small, because `zvon phish score` must start quickly."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zvon.ml.url import Model


def read_model(folder: Path) -> "Model":
    """Load a trained model from its folder. Raises `BadWeights`, `OSError`."""
    from zvon.ml.url import load

    meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
    return load((folder / "weights.npz").read_bytes(), meta)
