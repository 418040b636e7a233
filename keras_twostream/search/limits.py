"""What a combination costs, known before it is tried."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from keras_twostream.backbones.shapes import shapes_only
from keras_twostream.models.cost import multiply_adds
from keras_twostream.models.cutting import split_fixed
from keras_twostream.training.networks import network_of, silent_loading
from keras_twostream.training.recipe import Recipe

# Of what learns, beside the default network: times as many multiply-adds, and
# a number that is always little enough.
TIMES, LITTLE = 2.0, 50_000_000


@dataclass(frozen=True, kw_only=True)
class Costs:
    """What a network costs.

    Attributes:
        parameters: Number of its parameters.
        multiply_adds: Multiply-adds of a forward pass of one sample.
        learning: Those of the part that learns, which is what a training step
            on maps of frozen layers takes, times three.
    """

    parameters: int
    multiply_adds: int
    learning: int

    @classmethod
    def of(cls, recipe: Recipe, class_names: Sequence[str]) -> "Costs":
        """Returns the costs of a recipe's network, without its values.

        Args:
            recipe: `Recipe` without stages.
            class_names: Names of the classes.

        Raises:
            ValueError: If there can be no such network.
        """
        with shapes_only(), silent_loading():
            model = network_of(replace(recipe, weights=None), class_names)
            learner = split_fixed(model)[1] if recipe.freeze else model
            return cls(
                parameters=model.count_params(),
                multiply_adds=multiply_adds(model),
                learning=multiply_adds(learner),
            )


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What combinations are passed over, since they are too large.

    Attributes:
        max_parameters: Most parameters of a network.
        max_multiply_adds: Most multiply-adds of a forward pass of a sample.
        max_learning: Most of those in the part that learns; `None` for
            `TIMES` those of the default network, or `LITTLE`.
    """

    max_parameters: int | None = None
    max_multiply_adds: int | None = None
    max_learning: int | None = None

    def beside(self, default: Costs) -> "Limits":
        """Returns the limits with all of them told.

        Args:
            default: `Costs` of the default network.
        """
        learning = self.max_learning
        if learning is None:
            learning = max(int(TIMES * default.learning), LITTLE)
        return replace(self, max_learning=learning)

    def refusal(self, costs: Costs) -> str:
        """Returns why a network is passed over, "" if it is not.

        Args:
            costs: Its `Costs`.
        """
        words = {
            "parameters": (costs.parameters, self.max_parameters),
            "multiply-adds": (costs.multiply_adds, self.max_multiply_adds),
            "multiply-adds that learn": (costs.learning, self.max_learning),
        }
        return "; ".join(
            f"{_short(count)} {what}, at most {_short(most)}"
            for what, (count, most) in words.items()
            if most is not None and count > most
        )

    def to_dict(self) -> dict[str, Any]:
        """Returns the limits as a dict that JSON can hold."""
        return asdict(self)


def _short(count: int) -> str:
    for size, letter in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= size:
            return f"{count / size:.3g} {letter}"
    return str(count)
