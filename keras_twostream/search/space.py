"""The space of a search: the columns of the table of networks."""

import contextlib
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np

from keras_twostream.search.columns import (
    ASKED,
    Column,
    Value,
    default_columns,
)
from keras_twostream.search.meaning import settings_of
from keras_twostream.training.recipe import Recipe

# Draws without a new combination after which there is none left.
_PATIENCE = 1_000

Values = dict[str, Value]


@dataclass(frozen=True, kw_only=True)
class Space:
    """Which combinations there are, and what recipe each of them is.

    Attributes:
        base: `training.Recipe` of all that no column says.
        columns: Dict of name -> `Column`, a column after those that it
            depends on.

    Example:

    >>> space = search.Space.of(training.Recipe(frames=8))
    >>> space = space.changed(fusion=["sum", "conv"], dropout=0.5)
    >>> space = space.changed(weight_decay=[0.0, 0.05], seen=None)
    """

    base: Recipe
    columns: Mapping[str, Column]

    @classmethod
    def of(cls, base: Recipe, longest: int | None = None) -> Self:
        """Returns the default space around a recipe.

        Args:
            base: `Recipe` of the default network.
            longest: Most frames of a sample; by default those of the recipe.
        """
        columns = default_columns(base, longest or base.frames or 1)
        return cls(base=base, columns=columns)

    def changed(self, **columns: Any) -> Self:
        """Returns the space with other columns.

        Args:
            **columns: Name -> a list of the values to keep, one value to fix,
                `None` to leave the column out, or a `Column`. Any field of
                `training.Recipe` can be a new column, as a list.

        Raises:
            ValueError: If a value is none of the column's, or there is no
                such setting.
        """
        found = dict(self.columns)
        for name, told in columns.items():
            if told is None:
                found.pop(name, None)
            elif isinstance(told, Column):
                found[name] = told
            else:
                values = told if isinstance(told, (list, tuple)) else [told]
                found[name] = self._column(name, [*values])
        return replace(self, columns=found)

    def _column(self, name, values):
        if not values:
            raise ValueError(
                f"Column {name!r} needs one value or more, or None to leave "
                "it out. Received: []"
            )
        known = self.columns.get(name)
        settings = [field.name for field in fields(Recipe)]
        if known is None and name not in settings:
            raise ValueError(
                f"There is no column and no setting of recipes {name!r}. There "
                f"are the columns {', '.join(self.columns)}, and the settings "
                f"{', '.join(settings)}"
            )
        if known is None:
            return Column.of(name, values)
        if all(known.values[x] == {name: x} for x in known.values):
            default = known.default if known.default in values else values[0]
            return Column.of(name, values, default=default, given=known.given)
        if wrong := [value for value in values if value not in known.values]:
            raise ValueError(
                f"Column {name!r} has no {', '.join(map(repr, wrong))}. There "
                f"are: {', '.join(map(repr, known.values))}; for others pass "
                "a search.Column"
            )
        return known.narrowed(values)

    def declared(self, hp) -> Values:
        """Registers the columns with KerasTuner, and returns the values.

        Args:
            hp: `keras_tuner.HyperParameters`.

        Returns:
            Dict of column -> value, of columns that have a meaning.
        """
        values: Values = {}
        for name, column in self.columns.items():
            conditions = [*self._conditions(name)]
            if not all(allowed for _, allowed in conditions):
                continue
            with contextlib.ExitStack() as stack:
                for parent, allowed in conditions:
                    scope = hp.conditional_scope(parent, [*allowed])
                    stack.enter_context(scope)
                value = hp.Choice(
                    name, [*column.values], default=column.default
                )
            if self._applies(column, values):
                values[name] = value
        return values

    def _conditions(self, name):
        """Yields columns and values on which a column depends, in order."""
        for parent, allowed in self.columns[name].given.items():
            if parent in self.columns:
                yield from self._conditions(parent)
                known = self.columns[parent].values
                yield parent, [x for x in allowed if x in known]

    def _applies(self, column, values) -> bool:
        return all(
            parent not in self.columns or values.get(parent) in allowed
            for parent, allowed in column.given.items()
        )

    @property
    def default(self) -> Values:
        """The values of the default network."""
        return self.drawn(lambda name, _: self.columns[name].default)

    def drawn(self, value_of) -> Values:
        """Returns a combination.

        Args:
            value_of: Function of a column's name and of the values before it
                -> one of its values, asked of those columns that have a
                meaning.
        """
        values: Values = {}
        for name, column in self.columns.items():
            if self._applies(column, values):
                values[name] = value_of(name, values)
        return values

    def sequence(self, seed: int = 0) -> Iterator[Values]:
        """Yields combinations, each once, the default first.

        The values of a column are dealt like cards, for each value of the
        columns that it depends on: none comes again before all others have
        come, so a few combinations have something of everything, and of every
        fusion at every location. By turns all columns are dealt, or only
        which fusion and where, beside which all else is as in the default:
        far from a good default most is worse. No result is looked at, so what
        clips say of the best combination is not said by those that found it.

        Args:
            seed: Of the draws.
        """
        rng = np.random.default_rng(seed)
        decks: dict[tuple, list] = {}

        def deal(name, before):
            given = self.columns[name].given
            deck = decks.setdefault((name, *map(before.get, given)), [])
            if not deck:
                cards = [*self.columns[name].values]
                deck.extend(cards[i] for i in rng.permutation(len(cards)))
            return deck.pop()

        def deal_asked(name, before):
            if name in ASKED:
                return deal(name, before)
            return self.columns[name].default

        turns = itertools.cycle([deal_asked, deal])
        values, known, misses = self.default, set(), 0
        while misses < _PATIENCE:
            text = json.dumps(values)
            misses = misses + 1 if text in known else 0
            if not misses:
                known.add(text)
                yield values
            values = self.drawn(next(turns))

    def recipe(self, values: Mapping[str, Value]) -> Recipe:
        """Returns the recipe that values mean.

        Args:
            values: Dict of column -> value.
        """
        told: dict[str, Any] = {}
        for name, value in values.items():
            if name in self.columns:
                told |= self.columns[name].values[value]
        return Recipe.from_dict(self.base.to_dict() | settings_of(told))

    def to_dict(self) -> dict[str, Any]:
        """Returns the space as a dict that JSON can hold."""
        columns = {
            name: {
                "values": [[k, dict(v)] for k, v in column.values.items()],
                "default": column.default,
                "given": {k: [*v] for k, v in column.given.items()},
            }
            for name, column in self.columns.items()
        }
        return {"base": self.base.to_dict(), "columns": columns}

    @classmethod
    def from_dict(cls, fields: Mapping[str, Any]) -> Self:
        """Returns the space whose `to_dict()` gave `fields`."""
        columns = {
            name: Column(
                values=dict(told["values"]),
                default=told["default"],
                given=told["given"],
            )
            for name, told in fields["columns"].items()
        }
        return cls(base=Recipe.from_dict(fields["base"]), columns=columns)
