"""What it means that two kinds of flow differ: a table, field by field."""

from collections.abc import Callable
from typing import NamedTuple

from keras_twostream.flow.spec import FlowSpec

ERROR, WARNING, NOTE = "error", "warning", "note"
# Up to which factor vectors count as equally long, and from which on as those
# of another motion. Of I3D, made for 25 frames per second, its first author
# expects little harm from 15 and trouble below 5 (kinetics-i3d, issue 59).
SAME, OTHER = 1.05, 4.0
UNKNOWN = float("inf")


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
# have cost clips of a test was found by benchmarks/flow_mismatch.py, and of
# storage by encoding_accuracy.py: clips of UT-Interaction that are right with
# the network's own flow and are not with the other.
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
    "shrink": (
        Rule(
            NOTE,
            "undone on reading, but for detail finer than two pixels; half "
            "the size cost 0" + _TEST,
            when="little shrunk",
        ),
        Rule(
            WARNING,
            "fine detail differs: where flow is shrunk, small or thin parts "
            "move like what is around them: some points of accuracy",
        ),
    ),
    "camera": (
        Rule(
            WARNING,
            "vectors hold the motion of the camera, or do not: where it stands "
            "still it costs little, where it moves some points of accuracy or "
            "many",
        ),
    ),
}

# Case -> whether it is one, of the flow that a network is for and is fed with.
WHEN: dict[str, Callable[[FlowSpec, FlowSpec], bool]] = {
    "always": lambda trained, fed: True,
    "larger bound": lambda trained, fed: fed.bound > trained.bound,
    "little shrunk": lambda trained, fed: max(trained.shrink, fed.shrink) <= 2,
    "same pace": lambda trained, fed: change(trained, fed) <= SAME,
    "near pace": lambda trained, fed: SAME < change(trained, fed) < OTHER,
    "other pace": lambda trained, fed: OTHER <= change(trained, fed) < UNKNOWN,
}


def times(trained: FlowSpec, fed: FlowSpec) -> float:
    """Returns how many times as long vectors are, or `UNKNOWN`."""
    if (trained.fps is None) != (fed.fps is None):
        return UNKNOWN
    spans = [spec.step / (spec.fps or 1) for spec in (trained, fed)]
    return spans[1] / spans[0]


def change(trained: FlowSpec, fed: FlowSpec) -> float:
    """Returns the same; of vectors that are shorter, the inverse."""
    ratio = times(trained, fed)
    return max(ratio, 1 / ratio)
