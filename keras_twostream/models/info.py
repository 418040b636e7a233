"""Facts about a network: what is fused where, its size, its cost."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from keras_twostream import layers
from keras_twostream.backbones.shapes import shapes_only
from keras_twostream.models import request
from keras_twostream.models.build import build
from keras_twostream.models.connect import fusion_name
from keras_twostream.models.cost import multiply_adds
from keras_twostream.models.diagram import Diagram
from keras_twostream.models.network import ANSWER
from keras_twostream.models.spec import Published
from keras_twostream.models.tracing import diagram
from keras_twostream.models.words import time_span

# Arguments of `build` that change its row.
OF_SPEC = (
    *("streams", "fusion", "location", "fuse", "keep"),
    *("frames", "time", "align"),
)


@dataclass(frozen=True, kw_only=True)
class ModelInfo:
    """What `model_info` tells of a network.

    Attributes:
        name: Name of the network.
        streams: Names of its inputs.
        fuse: Location -> name of the fusion there.
        time: Location -> names of what happens to the time axis there.
        keep: Whether both towers go on to scores and a loss of their own.
        backbone: Backbone of every stream, or dict of stream -> backbone.
        input_shapes: Input -> shape without the batch.
        output_shapes: Output -> shape without the batch; `"scores"` is the
            answer, all others have a loss of their own.
        parameters: Number of parameters.
        multiply_adds: Multiply-adds of one forward pass of one sample, see
            `models.cost.multiply_adds`.
        rgb_frames: RGB frames that one answer sees, 0 without that stream.
        flow_fields: Flow fields that one answer sees, over all its stacks.
        video_frames: Consecutive frames of the video that one answer spans,
            `(T - 1) * frame_step + L + 1` for T frames with stacks of L flow
            fields, without flow `(T - 1) * frame_step + 1`.
        published: Accuracies that were published for it.
        source: Where it comes from, if not from the paper.
        diagram: `Diagram` of its towers, which `report.draw_network` draws.
    """

    name: str
    streams: tuple[str, ...]
    fuse: dict[str, str]
    time: dict[str, list[str]]
    keep: bool
    backbone: Any
    input_shapes: dict[str, tuple[int, ...]]
    output_shapes: dict[str, tuple[int, ...]]
    parameters: int
    multiply_adds: int
    rgb_frames: int
    flow_fields: int
    video_frames: int
    published: tuple[Published, ...]
    source: str
    diagram: Diagram = field(repr=False, compare=False)

    @property
    def output_shape(self) -> tuple[int, ...]:
        """Shape of the answer, without the batch."""
        return self.output_shapes[ANSWER]

    def to_json(self) -> str:
        """Returns the facts as JSON text, with the diagram as text."""
        facts = {f.name: getattr(self, f.name) for f in fields(self)}
        facts["published"] = [asdict(figure) for figure in self.published]
        return json.dumps(facts, default=str)


def model_info(name, *, backbone=None, frame_step=1, **options):
    """Returns the facts of a network as a `ModelInfo`.

    The network is built without the values of its variables, which takes a
    fraction of a second.

    Args:
        name: Name of a network, see `list_models`, or a `Spec`.
        backbone: As for `build`; by default that of the network's source.
        frame_step: Integer, frames of the video from one frame of a clip to
            the next (the paper's tau). Clips of this package's pipeline are
            spread over the whole video instead.
        **options: Further arguments of `build`.

    Raises:
        ValueError: If `build` cannot make the network.
    """
    asked = {key: options.get(key) for key in OF_SPEC}
    spec, called = request.resolve(name, **asked)
    with shapes_only():
        model = build(name, backbone=backbone, **options)
    shapes = {key: tuple(x.shape[1:]) for key, x in model.input.items()}
    outputs = model.output
    if not isinstance(outputs, Mapping):
        outputs = {ANSWER: outputs}
    return ModelInfo(
        name=called,
        streams=tuple(spec.streams),
        fuse={at: fusion_name(fusion) for at, fusion in spec.fuse.items()},
        time={at: _times(steps) for at, steps in spec.time.items()},
        keep=spec.keep,
        backbone=spec.backbone if backbone is None else backbone,
        input_shapes=shapes,
        output_shapes={k: tuple(x.shape[1:]) for k, x in outputs.items()},
        parameters=model.count_params(),
        multiply_adds=multiply_adds(model),
        **_span(spec, shapes, frame_step, options.get("flow")),
        published=spec.published,
        source=spec.source,
        diagram=diagram(model),
    )


def _times(steps):
    """Returns the words for what happens to time at a location."""
    steps = steps if isinstance(steps, list) else [steps]
    return [layers.time_name(step) for step in steps]


def _span(spec, shapes, frame_step, flow):
    """Returns how far into the video an answer reaches."""
    frames = spec.frames or 1
    stack = shapes["flow"][-1] // 2 if "flow" in shapes else 0
    step = flow.step if flow else 1
    return {
        "rgb_frames": frames if "rgb" in shapes else 0,
        "flow_fields": frames * stack,
        "video_frames": time_span(frames, stack, frame_step, step),
    }
