"""What a search does: combinations, and jobs of training some networks."""

import dataclasses
from dataclasses import dataclass

from keras_twostream.search.limits import Costs
from keras_twostream.search.meaning import title
from keras_twostream.search.plan import Net
from keras_twostream.search.space import Space, Values
from keras_twostream.training.finetuning import UNFROZEN
from keras_twostream.training.recipe import Recipe
from keras_twostream.training.trials import alone

# What a job asks of a combination.
FIRST, REST, ALL_INNER, OUTER = "first look", "rest", "inner", "unseen"
# Combinations are taken as they are, or one stream alone, or with towers that
# learn too.
PLAIN, RGB, FLOW, WHOLE = "", "rgb", "flow", "end to end"

# The least of each of `Amounts`; the default combination is a trial.
LEAST = {"trials": 1, "budget": 1, "seeds": 1, "end_to_end": 0}


@dataclass(frozen=True)
class Job:
    """Some networks of one combination.

    Attributes:
        values: Column -> value.
        asks: What is asked, which networks of the plan.
        seed: Of their initial weights and the order of their clips.
        form: How the combination is taken.
    """

    values: Values
    asks: str
    seed: int = 0
    form: str = PLAIN

    def recipe(self, space: Space) -> Recipe:
        """Returns the recipe of the job's networks."""
        return formed(space.recipe(self.values), self.form)

    def nets(self, plan) -> tuple[Net, ...]:
        """Returns the networks of the job."""
        return {
            FIRST: plan.rungs[0],
            REST: plan.inner,
            ALL_INNER: plan.inner,
            OUTER: plan.outer,
        }[self.asks]


@dataclass(frozen=True, kw_only=True)
class Amounts:
    """How much is tried.

    Attributes:
        trials: Most combinations; `None` for all that time allows.
        budget: Seconds for everything; `None` for no bound.
        seeds: How many times those that lead are trained.
        end_to_end: How many of the best are also trained with towers that
            learn.

    Raises:
        ValueError: If there is too little of one of them.
    """

    trials: int | None = None
    budget: float | None = None
    seeds: int = 3
    end_to_end: int = 0

    def __post_init__(self) -> None:
        for name, least in LEAST.items():
            given = getattr(self, name)
            if given is not None and given < least:
                raise ValueError(
                    f"{name} must be at least {least}. Received: {given}"
                )


@dataclass(eq=False)
class Candidate:
    """A combination that was proposed.

    Attributes:
        values: Column -> value.
        form: How it is taken.
        key: Name of its recipe.
        costs: Its `Costs`, `None` where it cannot be.
        why: Why it is passed over, "" if it is not.
        parts: Names of the parts for which it went on after its first look.
        judged: Whether that has been decided.
    """

    values: Values
    key: str
    form: str = PLAIN
    costs: Costs | None = None
    why: str = ""
    parts: set[str] = dataclasses.field(default_factory=set)
    judged: bool = False


def formed(recipe: Recipe, form: str) -> Recipe:
    """Returns the recipe of a combination that is taken in some form.

    Args:
        recipe: `Recipe` without stages.
        form: "", "rgb", "flow" or "end to end".
    """
    if form in (RGB, FLOW):
        return alone(recipe)[form]
    if form != WHOLE:
        return recipe
    head = {"name": "head", "freeze": recipe.freeze, "draws": recipe.draws}
    rest = {"name": "all", "weights": "head", **UNFROZEN}
    return dataclasses.replace(
        recipe, freeze=None, draws=None, stages=(head, rest)
    )


def name_of(candidate: Candidate) -> str:
    """Returns what to call a combination."""
    more = f" ({candidate.form})" if candidate.form else ""
    return title(candidate.values) + more
