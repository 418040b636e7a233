"""What a page about a network is drawn from."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from keras_twostream.evaluation.answers import clip_name
from keras_twostream.evaluation.cam import GradCam
from keras_twostream.evaluation.files import BESIDE, crossed_file, probe_file
from keras_twostream.evaluation.looks import Looks
from keras_twostream.evaluation.probes import INTACT, PROBES, probe
from keras_twostream.evaluation.protocols import ALL
from keras_twostream.evaluation.result import Result
from keras_twostream.models.record import read_record
from keras_twostream.models.subset import keep_streams
from keras_twostream.report.sheets import Sample

SAME_NETWORK = (
    "The same network when it gets one stream: how much it relies on each, "
    "not how good a network of that stream could be."
)
OTHER_NETWORKS = (
    "Networks of one stream, trained on the same clips in the same way, and "
    "the mean of their scores."
)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of a network.

    Attributes:
        results: Dict of "all", and of what is beside it -> `Result`.
        alone: What is beside it, in words.
        probes: Dict of name -> `Result`, as of `evaluation.probes.probe`.
        errors: Wrong answers as `Sample`s, the surest first.
    """

    results: Mapping[str, Result]
    alone: str
    probes: Mapping[str, Result]
    errors: Sequence[Sample]


def asked(directory, model, only, errors, probes, **options) -> Evidence:
    """Asks a network about clips that it did not learn from.

    Args:
        directory: Folder of the clips, or prepared set.
        model: The network.
        only: Paths of the clips to take, or `None` for all.
        errors: Wrong answers to show at most.
        probes: Whether to take motion and appearance away.
        **options: As for `Looks`.
    """
    looks = Looks(directory, model, only=only, **options)
    streams = read_record(model).streams
    networks = {ALL: model}
    if len(streams) > 1:
        networks |= {s: keep_streams(model, s) for s in streams}
    results = {name: looks.ask(network) for name, network in networks.items()}
    return Evidence(
        results=results,
        alone=SAME_NETWORK,
        probes=probe(looks, model) if probes else {INTACT: results[ALL]},
        errors=_errors(looks, model, results[ALL], errors),
    )


def cross_validated(folder, directory, model, errors, **options) -> Evidence:
    """Reads what `finetune` found out.

    Its network has learnt from all clips, so it says nothing about them
    itself.

    Args:
        folder: Run folder.
        directory: Folder of the clips, or prepared set.
        model: The network.
        errors: Wrong answers to show at most.
        **options: As for `Looks`.
    """
    files = {name: crossed_file(folder, name) for name in (ALL, *BESIDE)}
    results = {x: Result.load(y) for x, y in files.items() if y.is_file()}
    looks = None
    if errors and not results[ALL].right.all():
        options |= {"protocol": results[ALL].protocol}
        looks = Looks(directory, model, **options)
    return Evidence(
        results=results,
        alone=OTHER_NETWORKS,
        probes=_probed(folder) or {INTACT: results[ALL]},
        errors=_errors(looks, model, results[ALL], errors, heat=False),
    )


def _probed(folder):
    """Returns what was asked of the folds, if anything was."""
    files = {name: probe_file(folder, name) for name in PROBES}
    return {x: Result.load(y) for x, y in files.items() if y.is_file()}


def _errors(looks, model, result, most, heat=True):
    """Returns the surest wrong answers as samples, with their evidence."""
    wrong = np.flatnonzero(~result.right)
    sure = result.scores.max(-1)
    chosen = wrong[np.argsort(-sure[wrong])][:most]
    if not len(chosen):
        return []
    look = _cam(model) if heat else None
    names, samples = result.class_names, []
    place = {name: i for i, name in enumerate(result.clips)}
    paths = looks.dataset.file_paths
    number = {
        place[clip_name(x, looks.directory)]: i for i, x in enumerate(paths)
    }
    for clip, inputs in _middle_views(looks, model, chosen, number):
        answer = int(result.answers[clip])
        heat = look(inputs, [answer]) if look else None
        parts = {name: x[0] for name, x in inputs.items()}
        if heat:
            heat = {name: _timed(x[0], 3) for name, x in heat.items()}
        if "flow" in parts:
            flow = _timed(parts["flow"], 4)
            field = flow.shape[-1] // 4 * 2
            parts["flow"] = flow[..., field : field + 2]
        if "rgb" in parts:
            parts["rgb"] = _timed(parts["rgb"], 4)
        samples.append(
            Sample(
                name=result.clips[clip],
                label=f"{names[result.labels[clip]]}, taken for "
                f"{names[answer]} ({sure[clip]:.0%})",
                group=(result.groups or {clip: ""})[clip] or "",
                heat=heat,
                **parts,
            )
        )
    return samples


def _cam(model):
    """Returns what says where a network looks, `None` if nothing can."""
    try:
        return GradCam(model)
    except ValueError:
        return None


def _middle_views(looks, model, clips, number):
    """Yields clips, the surest error first, and the middle view of each."""
    views = looks.dataset.sample_spec.samples
    wanted = {number[clip] * views + views // 2: clip for clip in clips}
    found = {}
    for index, (inputs, *_) in looks.dataset.unbatch().enumerate():
        if int(index) in wanted:
            found[wanted[int(index)]] = {
                name: inputs[name].numpy()[None] for name in model.input
            }
    for clip in clips:
        yield int(clip), found[clip]


def _timed(x: np.ndarray, rank: int) -> np.ndarray:
    """Returns an array with an axis for time in front."""
    return x if x.ndim == rank else x[None]
