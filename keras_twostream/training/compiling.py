"""What a recipe says of the optimizer and the loss -> those of Keras."""

import keras
import numpy as np

from keras_twostream.training.optimizers import (
    FactoredAdam,
    FactoredAdamW,
    FactoredSGD,
    MatConvNetSGD,
    SmoothedCrossentropy,
    WarmUp,
)

# Parts of the paths of variables that have no decay.
NO_DECAY = ("bias", "gamma", "beta", "mean", "variance")
DROP = 0.1


def compile_arguments(recipe, steps_per_epoch):
    """Returns the arguments of `compile` that a recipe says.

    Args:
        recipe: `Recipe` without stages.
        steps_per_epoch: Integer, batches of an epoch.
    """
    return {
        "optimizer": optimizer_of(recipe, steps_per_epoch),
        "loss": SmoothedCrossentropy(recipe.label_smoothing)
        if recipe.label_smoothing
        else keras.losses.SparseCategoricalCrossentropy(),
        "metrics": ["accuracy"],
    }


def optimizer_of(recipe, steps_per_epoch):
    """Returns the optimizer of a recipe.

    Args:
        recipe: `Recipe` without stages.
        steps_per_epoch: Integer, batches of an epoch.
    """
    general = {
        "learning_rate": rate_of(recipe, steps_per_epoch),
        "rate_factors": recipe.rate_factors,
        "global_clipnorm": recipe.clip_norm,
        "use_ema": recipe.ema is not None,
        "ema_momentum": recipe.ema or 0.99,
    }
    if recipe.accumulate > 1:
        general["gradient_accumulation_steps"] = recipe.accumulate
    if recipe.optimizer == "matconvnet_sgd":
        return MatConvNetSGD(
            momentum=recipe.momentum,
            decay=recipe.weight_decay,
            no_decay=NO_DECAY,
            **general,
        )
    if recipe.optimizer == "sgd":
        general |= {"momentum": recipe.momentum}
    kinds = {"adam": FactoredAdam, "adamw": FactoredAdamW, "sgd": FactoredSGD}
    optimizer: keras.optimizers.Optimizer = kinds[recipe.optimizer](
        weight_decay=recipe.weight_decay or None, **general
    )
    if recipe.weight_decay:
        optimizer.exclude_from_weight_decay(var_names=[*NO_DECAY])
    return optimizer


def rate_of(recipe, steps_per_epoch):
    """Returns the learning rate of a recipe, a number or a schedule.

    Args:
        recipe: `Recipe` without stages.
        steps_per_epoch: Integer, batches of an epoch.
    """
    schedules = keras.optimizers.schedules
    rate, warm = recipe.learning_rate, recipe.warmup * steps_per_epoch
    total = max(recipe.epochs * steps_per_epoch, 1)
    if recipe.schedule == "cosine":
        if warm:
            return schedules.CosineDecay(
                0.0, max(total - warm, 1), warmup_target=rate, warmup_steps=warm
            )
        return schedules.CosineDecay(rate, total)
    if recipe.schedule == "drops":
        ends = [epoch * steps_per_epoch - 1 for epoch in recipe.drops]
        rates = [rate * DROP**i for i in range(len(ends) + 1)]
        rate = schedules.PiecewiseConstantDecay(ends, rates)
    return WarmUp(rate, warm) if warm else rate


def class_weights(labels, classes):
    """Returns class -> weight, with which all classes count the same.

    Args:
        labels: Integer array, the class of each clip.
        classes: Integer, their number; those without clips have no weight.
    """
    counts = np.bincount(labels, minlength=classes)
    there = (counts > 0).sum()
    return {
        i: float(len(labels) / (there * count)) if count else 0.0
        for i, count in enumerate(counts)
    }
