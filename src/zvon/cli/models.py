"""`zvon models`: train and evaluate the models of this node."""

import json
import sys
from importlib import import_module, resources
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from cyclopts import App, Parameter

from zvon.cli import models_life
from zvon.cli.phish_lists import EVERYTHING, PERMISSIVE, Use, lists_folder, read_lists, read_rows

if TYPE_CHECKING:
    from zvon.ml.url_training.run import Trained

app = App(name="models", help="Train and evaluate models.")

Data = Annotated[Path | None, Parameter(help="Folder with `phishing/urls/`; default: ZVON_DATA.")]
OUT = Path("var/models/phish-url")


@app.command
def train(
    model: Literal["phish-url", "phish-text", "language", "attack", "side", "pii", "triage"],
    *,
    data: Data = None,
    out: Annotated[Path | None, Parameter(help="Folder for weights, meta and card.")] = None,
    gold: Annotated[
        list[Path] | None,
        Parameter(consume_multiple=True, help="Labelled mails (pii, side): JSONL."),
    ] = None,
    use: Annotated[
        Use | Literal["both"], Parameter(help="`shipped`: permissive sources only.")
    ] = "both",
    labels: Annotated[
        Path | None, Parameter(help="A node's own labels (TSV: url, label, date, source, domain).")
    ] = None,
    champion: Annotated[
        Path | None, Parameter(help="Folder of the model in use, to compare with.")
    ] = None,
) -> int:
    """Train a model and write `weights.npz`, `meta.json` and `CARD.md`.

    Measures on the last two months of phishing, with a model that saw only what is older and no
    such domain (kept in `measured/`), then fits on everything. With `--use both` each use has a
    folder of its own below `--out` (`var/models/phish-url`), and the gap between them is printed.
    """
    if model == "pii":
        from zvon.cli import models_pii

        return models_pii.train(out, gold or ())
    if model == "side":
        from zvon.cli import models_side, models_text

        return models_side.train(out, models_text.data_folder(data), gold or ())
    if model != "phish-url":
        from zvon.cli import models_text

        return _module(model).train(out, models_text.data_folder(data))
    from zvon.cli.model_folder import read_model
    from zvon.cli.phish_card import card, summary
    from zvon.ml.url_training.plans import PLANS
    from zvon.ml.url_training.run import train as run
    from zvon.ml.url_training.suffix_list import suffix_rules
    from zvon.model.brand import registry

    folder = lists_folder(data)
    if folder is None:
        return 2
    out = out or OUT
    own = read_rows(labels) if labels else []
    everything = read_lists(folder, EVERYTHING) + own
    print(f"{len(everything):,} addresses, {sum(r.phishing for r in everything):,} phishing")
    metas: dict[str, dict[str, Any]] = {}
    uses: tuple[Use, ...] = ("shipped", "local") if use == "both" else (use,)
    for one in uses:
        allowed = read_lists(folder, PERMISSIVE) if one == "shipped" else everything
        measured, last = run(
            model, one, allowed, everything, PLANS[one], rules=suffix_rules(), brands=registry(),
            champion=read_model(champion) if champion else None,
        )  # fmt: skip
        target = out / one if use == "both" else out
        _write(target / "measured", measured, card)
        _write(target, last, card)
        print(f"wrote {target}: {len(last.weights) / 1e6:.2f} MB")
        metas[one] = last.meta
    print(summary(metas))
    return 0


@app.command
def evaluate(
    model: Literal["phish-url", "phish-text", "language", "attack", "side", "pii", "triage"],
    *,
    data: Data = None,
    path: Annotated[Path | None, Parameter(help="Folder of a trained model.")] = None,
    gold: Annotated[
        list[Path] | None,
        Parameter(consume_multiple=True, help="Labelled mails (pii, side): JSONL."),
    ] = None,
    json_: Annotated[bool, Parameter(name="--json")] = False,
) -> int:
    """Measure a model on phishing newer than its own, on domains that it did not see.

    Without newer phishing in the lists it shows the figures that were measured at training.
    """
    if model == "pii":
        from zvon.cli import models_pii

        return models_pii.evaluate(gold or (), as_json=json_)
    if model != "phish-url":
        from zvon.cli import models_text

        return _module(model).evaluate(models_text.data_folder(data), as_json=json_)
    import msgspec

    from zvon.cli.model_folder import read_model
    from zvon.cli.phish_card import summary
    from zvon.ml.url import load_shipped
    from zvon.ml.url_training.made import pinned_urls
    from zvon.ml.url_training.measure import judged_rows, measure
    from zvon.ml.url_training.release import gate
    from zvon.ml.url_training.rows import split
    from zvon.model.brand import registry

    folder = lists_folder(data)
    if folder is None:
        return 2
    fitted = read_model(path) if path else load_shipped()
    if fitted is None:
        print(f"no shipped {model} model; run `make train`", file=sys.stderr)
        return 2
    where = path or resources.files("zvon.ml") / "phish_url"
    meta = json.loads((where / "meta.json").read_text(encoding="utf-8"))
    everything = read_lists(folder, EVERYTHING)
    allowed = read_lists(folder, PERMISSIVE) if meta["use"] == "shipped" else everything
    until = meta["until"] if meta["until"] < "9999" else meta["newest"] + "~"
    judged = judged_rows(split(allowed, everything, until))
    if any(r.phishing for r in judged):
        size = len((where / "weights.npz").read_bytes())
        found = measure(fitted, judged, pinned_urls(registry()), size=size)
        meta["figures"], meta["measured_from"] = msgspec.to_builtins(found), until
        meta["gate"] = [msgspec.to_builtins(refusal) for refusal in gate(found, None)]
    else:
        print("no phishing newer than the model: figures of its training", file=sys.stderr)
    print(json.dumps(meta["figures"], indent=1) if json_ else summary({meta["use"]: meta}))
    return 0


class _Texts(Protocol):
    """A model of texts that trains and measures itself."""

    def train(self, out: Path | None, data: Path | None) -> int: ...
    def evaluate(self, data: Path | None, *, as_json: bool) -> int: ...


def _module(model: str) -> _Texts:
    names = {
        "phish-text": "text",
        "language": "language",
        "attack": "attack",
        "side": "side",
        "triage": "triage",
    }
    found: _Texts = import_module(f"zvon.cli.models_{names[model]}")
    return found


def _write(folder: Path, trained: "Trained", card: Any) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "weights.npz").write_bytes(trained.weights)
    text = json.dumps(trained.meta, indent=1, ensure_ascii=False) + "\n"
    (folder / "meta.json").write_text(text, encoding="utf-8")
    (folder / "CARD.md").write_text(card(trained.meta, len(trained.weights)), encoding="utf-8")


models_life.mount(app)
