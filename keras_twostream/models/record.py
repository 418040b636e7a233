"""What a saved network remembers of its use: classes, flow, sizes."""

from dataclasses import dataclass
from typing import Any

from keras_twostream.flow.spec import FlowSpec
from keras_twostream.layers import (
    ClassScores,
    FlowPreprocessing,
    RGBPreprocessing,
)


@dataclass(frozen=True, kw_only=True)
class Record:
    """What is needed to feed a network and to read its answer.

    Attributes:
        class_names: Names of the classes, or `None` if it was not told.
        flow: `FlowSpec` that its clips are prepared by.
        sampling: Settings by which samples are cut from clips, if it was told.
        streams: Names of its inputs.
        image_size: Pair (height, width) of the input in pixels.
        frames: Frames per clip, `None` for single frames.
        flow_frames: Flow fields per stack, `None` without that stream.
        network: Dict of the arguments with which `build` makes the network
            again, if it was made so.
        flow_told: Whether somebody said which flow, or it is the default.
    """

    class_names: tuple[str, ...] | None
    flow: FlowSpec
    sampling: dict[str, Any]
    streams: tuple[str, ...]
    image_size: tuple[int, int]
    frames: int | None
    flow_frames: int | None
    network: dict[str, Any] | None = None
    flow_told: bool = False


def read_record(model):
    """Returns the `Record` that a network of `build` carries in its layers.

    Args:
        model: `keras.Model`, built or loaded from a `.keras` file.

    Raises:
        ValueError: If the model's inputs are not `"rgb"` and `"flow"`.
    """
    inputs = getattr(model, "input", None)
    if not isinstance(inputs, dict) or not {*inputs} <= {"rgb", "flow"}:
        raise ValueError(
            f"{model.name} is not a network of keras_twostream.build: its "
            "inputs are not a dict of 'rgb' and 'flow'"
        )
    shape = next(iter(inputs.values())).shape
    flow = inputs.get("flow")
    # Of a network fused from two, the flow is that of its flow stream.
    first = _first(model, FlowPreprocessing) or _first(model, RGBPreprocessing)
    scores = _first(model, ClassScores)
    names = scores and scores.class_names
    return Record(
        class_names=names and tuple(names),
        flow=first.flow if first else FlowSpec(),
        sampling=(first and first.sampling) or {},
        streams=tuple(inputs),
        image_size=tuple(shape[-3:-1]),
        frames=shape[1] if len(shape) == 5 else None,
        flow_frames=None if flow is None else flow.shape[-1] // 2,
        network=getattr(model, "network", None),
        flow_told=bool(first and first.told),
    )


def _first(model, kind):
    """Returns the first layer of a class, or `None`."""
    return next((x for x in model.layers if isinstance(x, kind)), None)
