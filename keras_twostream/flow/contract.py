"""What it means when a network is fed with other flow than it is for.

A network carries the `FlowSpec` of its flow, and so does a dataset. They are
compared where they meet: at `fit`, `evaluate` and `predict`. What makes scores
meaningless is an error, unless the network is in training and gets used to it.
"""

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from keras_twostream.flow.rules import ERROR, NOTE, RULES, WARNING, WHEN, times
from keras_twostream.flow.spec import FlowSpec


class FlowMismatchWarning(UserWarning):
    """A network is fed with flow that it is not for."""


class FlowMismatchError(ValueError):
    """A network would be fed with flow that makes its scores meaningless."""


@dataclass(frozen=True)
class Mismatch:
    """A field in which the flow that is fed is not that of the network.

    Attributes:
        field: Name of the field of `FlowSpec`.
        trained: Its value in the flow that the network is for.
        fed: Its value in the flow that it is fed with.
        severity, cost, fix: As of a `Rule`.
    """

    field: str
    trained: Any
    fed: Any
    severity: str
    cost: str
    fix: str

    def __str__(self) -> str:
        return (
            f"Flow `{self.field}`: the network is for {self.trained!r} but "
            f"fed with {self.fed!r}; {self.cost}. To avoid it, {self.fix}."
        )


def compare(
    trained: FlowSpec, fed: FlowSpec, *, training: bool = False
) -> tuple[Mismatch, ...]:
    """Returns what differs between two kinds of flow, and what that means.

    Args:
        trained: The flow that a network is for.
        fed: The flow that it is fed with.
        training: Whether it is fed in order to learn; then nothing is an
            error.
    """
    found = []
    for field, (mine, other) in trained.diff(fed).items():
        rule = next(x for x in RULES[field] if WHEN[x.when](trained, fed))
        words = {"field": field, "trained": mine, "fed": other}
        words["times"] = times(trained, fed)
        severity, fix = rule.severity, rule.fix.format(**words)
        cost = rule.cost.format(**words)
        if training and severity != NOTE:
            severity = WARNING
            cost = (
                f"it gets used to that but remembers {mine!r}; at first {cost}"
            )
            fix = f"build the network with flow=dataset.flow_spec, or {fix}"
        found.append(Mismatch(field, mine, other, severity, cost, fix))
    return tuple(found)


def check(
    trained: FlowSpec,
    fed: Iterable[FlowSpec],
    *,
    training: bool = False,
    stacklevel: int = 2,
) -> None:
    """Warns once, or refuses, if a network gets flow that it is not for.

    Args:
        trained: The flow that it is for.
        fed: All kinds of flow that it is fed with.
        training: As for `compare`.
        stacklevel: As for `warnings.warn`: whose line is shown.

    Raises:
        FlowMismatchError: If its scores would mean nothing.
    """
    found = [x for y in fed for x in compare(trained, y, training=training)]
    # Training and validation clips mostly differ alike.
    lines = {str(x): x.severity for x in found if x.severity != NOTE}
    message = "\n".join(lines)
    if ERROR in lines.values():
        raise FlowMismatchError(message)
    if lines:
        warnings.warn(message, FlowMismatchWarning, stacklevel=stacklevel)
