"""What it means when a network is fed with other flow than it is for.

A network carries the `FlowSpec` of its flow, and so does a dataset. They are
compared where they meet: at `fit`, `evaluate` and `predict`. What makes scores
meaningless is an error, unless the network is in training and gets used to it.
"""

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from keras_twostream.flow.spec import FlowSpec

ERROR, WARNING, NOTE = "error", "warning", "note"
# Up to which factor vectors count as equally long, and from which on as those
# of another motion. Of I3D, made for 25 frames per second, its first author
# expects little harm from 15 and trouble below 5 (kinetics-i3d, issue 59).
SAME, OTHER = 1.05, 4.0
UNKNOWN = float("inf")


class FlowMismatchWarning(UserWarning):
    """A network is fed with flow that it is not for."""


class FlowMismatchError(ValueError):
    """A network would be fed with flow that makes its scores meaningless."""


class Rule(NamedTuple):
    """What it means that a field differs.

    Attributes:
        severity: `ERROR`, `WARNING` or `NOTE`, for a trained network.
        cost: What it usually costs, and
        fix: how to be rid of it; with `{field}`, `{trained}`, `{fed}` and
            `{times}`, how many times as long vectors are.
        when: Key of `WHEN`: in which case the rule holds.
    """

    severity: str
    cost: str
    when: str = "always"
    fix: str = "prepare the clips with {field}={trained!r}"


_LONGER = "vectors are {times:.3g} times as long"
_TEST = " of 57 clips in a test"
_PACE = (
    Rule(NOTE, "fields span the same time", when="same pace"),
    Rule(
        ERROR,
        _LONGER + ", so scores mean little: 4 times cost 13" + _TEST,
        when="other pace",
    ),
    Rule(WARNING, _LONGER + "; twice cost 3" + _TEST, when="near pace"),
    Rule(WARNING, "vectors are longer or shorter where frame rates differ"),
)

# Field -> rules, of which the first holds whose case it is. What is said to
# have cost clips of a test was found by benchmarks/flow_mismatch.py: clips of
# UT-Interaction that are right with the network's own flow and are not with
# the other.
RULES: dict[str, tuple[Rule, ...]] = {
    # Users fed Farneback and LiteFlowNet to weights of TV-L1 with poor results
    # (kinetics-i3d, issues 41 and 107).
    "algorithm": (
        Rule(
            WARNING,
            "algorithms differ in reach, smoothness and noise, which cost 0 "
            "(DIS ultrafast for fast) to 11 (Farneback)" + _TEST,
        ),
    ),
    "bound": (
        Rule(
            NOTE,
            "the network cuts off at {trained:g} itself; storage is coarser",
            when="larger bound",
        ),
        Rule(
            WARNING,
            "motion above {fed:g} pixels per step looks no faster, so classes "
            "that differ by speed are confused; 2 pixels cost 5" + _TEST,
        ),
    ),
    "short_side": (
        Rule(
            WARNING,
            "flow of frames of another size has other detail, other errors "
            "and another limit of speed; half the size cost 4" + _TEST,
        ),
    ),
    "step": _PACE,
    # Published weights of I3D did worse with flow that was computed before
    # frames were resized (kinetics-i3d, issue 34).
    "resize": (Rule(WARNING, "fine motion differs: some points of accuracy"),),
    "fps": _PACE,
    "quantization": (Rule(NOTE, "undone on reading, up to rounding"),),
    "encoding": (Rule(NOTE, "undone on reading, up to what JPEG loses"),),
    "codec_range": (Rule(NOTE, "undone on reading, up to rounding"),),
}

# Case -> whether it is one, of the flow that a network is for and is fed with.
WHEN: dict[str, Callable[[FlowSpec, FlowSpec], bool]] = {
    "always": lambda trained, fed: True,
    "larger bound": lambda trained, fed: fed.bound > trained.bound,
    "same pace": lambda trained, fed: _change(trained, fed) <= SAME,
    "near pace": lambda trained, fed: SAME < _change(trained, fed) < OTHER,
    "other pace": lambda trained, fed: OTHER <= _change(trained, fed) < UNKNOWN,
}


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
        times = _times(trained, fed)
        words = {"field": field, "trained": mine, "fed": other, "times": times}
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


def _times(trained: FlowSpec, fed: FlowSpec) -> float:
    """Returns how many times as long vectors are, or `UNKNOWN`."""
    if (trained.fps is None) != (fed.fps is None):
        return UNKNOWN
    spans = [spec.step / (spec.fps or 1) for spec in (trained, fed)]
    return spans[1] / spans[0]


def _change(trained: FlowSpec, fed: FlowSpec) -> float:
    """Returns the same; of vectors that are shorter, the inverse."""
    times = _times(trained, fed)
    return max(times, 1 / times)
