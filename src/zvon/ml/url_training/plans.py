"""The plans of the two models: one for what we may ship, one for all that an operator has."""

from zvon.ml.url_training.prepared import Linear
from zvon.ml.url_training.recipe import Recipe
from zvon.ml.url_training.run import Plan
from zvon.ml.url_training.trees import Growth

PLANS = {
    "shipped": Plan(
        Recipe(half_life=24.0, platform=4.0, growth=Growth(trees=250, depth=6, rate=0.1)),
        made=50_000,
        made_weight=0.4,
        bare=True,
    ),
    # With made up rows, and links and doors counting twice, TPR at 0.1 % was 2.5 points lower. Official
    # names at a weight of 2 left 7 alarms among the pinned pages, at 6 none.
    "local": Plan(
        Recipe(
            platform=5.0,
            linear=Linear(alpha=1.5e-7),
            growth=Growth(trees=500, depth=8, rate=0.1),
        ),
        official_weight=6.0,
    ),
}
