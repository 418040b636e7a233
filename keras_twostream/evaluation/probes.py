"""Motion or appearance? What a network loses when one of them is taken away.

Each probe changes the samples, not the network: accuracy that stays is
accuracy that did not need what was changed.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from keras import ops

from keras_twostream.evaluation.averaging import as_probabilities, averaged
from keras_twostream.evaluation.looks import Looks
from keras_twostream.evaluation.networks import made_by
from keras_twostream.evaluation.result import Result
from keras_twostream.models.network import answer

Sample = dict[str, np.ndarray]
# Numbers of an axis, seen from its end: width and height of a field.
_SPACE = (-3, -2)


def _unchanged(sample: Sample) -> Sample:
    return sample


def _reversed(sample: Sample) -> Sample:
    """Plays clips backwards: other order, opposite motion."""
    found = {name: _in_time(x)[:, ::-1] for name, x in sample.items()}
    if "flow" in found:
        found["flow"] = -_fields(found["flow"])[..., ::-1, :]
    return _shaped(found, sample)


def _shuffled(sample: Sample) -> Sample:
    """Takes frames, with their flow, and the fields in a stack by chance."""
    rng = np.random.default_rng(0)
    steps = _in_time(next(iter(sample.values()))).shape[1]
    order = rng.permutation(steps)
    found = {name: _in_time(x)[:, order] for name, x in sample.items()}
    if "flow" in found:
        fields = _fields(found["flow"])
        found["flow"] = fields[..., rng.permutation(fields.shape[-2]), :]
    return _shaped(found, sample)


def _frozen(sample: Sample) -> Sample:
    """Shows the middle frame all the time: nothing moves."""
    found = {}
    for name, x in sample.items():
        steps = _in_time(x)
        middle = steps[:, steps.shape[1] // 2][:, None]
        found[name] = np.broadcast_to(middle, steps.shape)
    if "flow" in found:
        found["flow"] = np.zeros_like(found["flow"])
    return _shaped(found, sample)


def _without_flow(sample: Sample) -> Sample:
    return sample | {"flow": np.zeros_like(sample["flow"])}


def _opposite_flow(sample: Sample) -> Sample:
    return sample | {"flow": -sample["flow"]}


def _without_camera(sample: Sample) -> Sample:
    """Subtracts the mean vector of every field."""
    flow = sample["flow"]
    return sample | {"flow": flow - flow.mean(axis=_SPACE, keepdims=True)}


def _gray_frames(sample: Sample) -> Sample:
    """Shows nothing but the mean colour of each frame."""
    rgb = sample["rgb"]
    mean = rgb.mean(axis=_SPACE, keepdims=True)
    return sample | {"rgb": np.broadcast_to(mean, rgb.shape)}


@dataclasses.dataclass(frozen=True)
class Probe:
    """One way to take something away.

    Attributes:
        meaning: What accuracy that is left says, in words.
        streams: Streams that a network must have for it.
        change: Function of a batch of samples.
        other: Stream that is taken from another clip instead.
    """

    meaning: str
    streams: tuple[str, ...]
    change: Callable[[Sample], Sample]
    other: str | None = None


INTACT = "intact"
PROBES = {
    INTACT: Probe("as it is", (), _unchanged),
    "frames shuffled": Probe("no order of time is needed", (), _shuffled),
    "frozen": Probe("one picture is enough", (), _frozen),
    "reversed": Probe("the direction of time does not matter", (), _reversed),
    "flow zeroed": Probe("no motion is needed", ("flow",), _without_flow),
    "flow of another clip": Probe(
        "motion is not believed", ("flow",), _unchanged, "flow"
    ),
    "flow of opposite sign": Probe(
        "directions do not matter", ("flow",), _opposite_flow
    ),
    "camera motion removed": Probe(
        "the camera does not tell", ("flow",), _without_camera
    ),
    "frames of one colour": Probe(
        "no picture is needed", ("rgb",), _gray_frames
    ),
    "frames of another clip": Probe(
        "pictures are not believed", ("rgb",), _unchanged, "rgb"
    ),
}


def probe(
    looks: Looks, model, names: Sequence[str] = tuple(PROBES)
) -> dict[str, Result]:
    """Asks a network about clips of which something was taken away.

    Args:
        looks: The views of the clips.
        model: Network of `build` with the sampling of `looks`.
        names: Which of `PROBES`; those that it has not the streams for are
            left out.

    Returns:
        Dict of name -> `Result`, `INTACT` first.
    """
    wanted = [
        name
        for name in dict.fromkeys((INTACT, *names))
        if {*PROBES[name].streams} <= {*model.input}
    ]
    scores: dict[str, list[np.ndarray]] = {name: [] for name in wanted}
    for sample, others in _pairs(looks, model):
        for name in wanted:
            changed = _changed(PROBES[name], sample, others)
            rows = answer(model.predict_on_batch(changed))
            scores[name].append(as_probabilities(ops.convert_to_numpy(rows)))
    views = looks.dataset.sample_spec.samples
    results = {}
    for name, rows in scores.items():
        whole = np.concatenate(rows)
        by_clip = whole.reshape(-1, views, whole.shape[-1])
        results[name] = looks.result(
            averaged(by_clip, looks.protocol.average),
            made_by(model) | {"probe": name},
        )
    return results


def _changed(probe: Probe, sample: Sample, others: Sample) -> Sample:
    if probe.other:
        return sample | {probe.other: others[probe.other]}
    return probe.change(sample)


def _pairs(looks, model):
    """Yields batches, each with as many samples of other clips."""
    dataset = looks.dataset
    clips, views = len(dataset.file_paths), dataset.sample_spec.samples
    # Clips are sorted by class, so those half a set away are of another.
    shift = clips // 2 * views
    single = dataset.unbatch()
    others = single.skip(shift).concatenate(single.take(shift))
    size = dataset.feed.steps.batch_size
    for mine, theirs in zip(
        single.batch(size).as_numpy_iterator(),
        others.batch(size).as_numpy_iterator(),
        strict=True,
    ):
        yield (
            {name: mine[0][name] for name in model.input},
            {name: theirs[0][name] for name in model.input},
        )


def _in_time(x: np.ndarray) -> np.ndarray:
    """Returns a batch with an axis for time, `(batch, time, H, W, C)`."""
    return x if x.ndim == 5 else x[:, None]


def _fields(flow: np.ndarray) -> np.ndarray:
    """Returns stacks as `(..., fields, 2)`."""
    return flow.reshape(*flow.shape[:-1], -1, 2)


def _shaped(found: Sample, like: Sample) -> Sample:
    return {name: x.reshape(like[name].shape) for name, x in found.items()}
