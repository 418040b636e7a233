"""What the settings of a recipe can be."""

from keras_twostream.evaluation.protocols import get_protocol
from keras_twostream.training.options import (
    BALANCES,
    OPTIMIZERS,
    PRECISIONS,
    SCHEDULES,
)

_WORDS: dict[str, tuple] = {
    "optimizer": OPTIMIZERS,
    "schedule": SCHEDULES,
    "balance": (None, *BALANCES),
    "precision": PRECISIONS,
    "batch_norm": (None, "partial", "frozen"),
}


def check_recipe(recipe) -> None:
    """Raises `ValueError` unless the settings of a recipe fit together.

    Args:
        recipe: `Recipe`.
    """
    for name, allowed in _WORDS.items():
        if (value := getattr(recipe, name)) not in allowed:
            words = ", ".join(map(str, allowed))
            raise ValueError(
                f"Recipe: `{name}` is one of {words}. Received: {value!r}"
            )
    get_protocol(recipe.protocol)
    if bool(recipe.drops) != (recipe.schedule == "drops"):
        raise ValueError(
            "Recipe: `drops` are the epochs of schedule='drops'. Received: "
            f"schedule={recipe.schedule!r}, drops={recipe.drops}"
        )
    if recipe.draws is not None and (recipe.draws < 1 or not recipe.freeze):
        raise ValueError(
            "Recipe: `draws` is a number of samples of each clip for which "
            "what is frozen is computed once, by `freeze`. Received: "
            f"draws={recipe.draws}, freeze={recipe.freeze!r}"
        )
    if recipe.draws and recipe.steps_per_epoch:
        raise ValueError(
            "Recipe: with `draws` an epoch is one pass. Received: "
            f"draws={recipe.draws}, steps_per_epoch={recipe.steps_per_epoch}"
        )
    names = [stage.get("name") for stage in recipe.stages]
    if not all(names) or len({*names}) < len(names):
        raise ValueError(
            f"Recipe: every stage has a `name` of its own. Received: {names}"
        )
