"""What a page about a network is drawn from."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from keras_twostream.evaluation.answers import clip_name
from keras_twostream.evaluation.cam import GradCam, load_heat
from keras_twostream.evaluation.files import (
    BESIDE,
    crossed_file,
    heat_file,
    probe_file,
)
from keras_twostream.evaluation.looks import Looks
from keras_twostream.evaluation.metrics import surest_errors
from keras_twostream.evaluation.probes import INTACT, PROBES, probe
from keras_twostream.evaluation.protocols import ALL, Protocol
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
        errors=_errors(looks, model, results[ALL], errors, _looking(model)),
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
    whole, looks = results[ALL], None
    if chosen := [whole.clips[i] for i in surest_errors(whole, errors)]:
        # How they are shown; what was answered is known.
        options |= {"protocol": Protocol(views=1), "only": chosen}
        options |= {"verbose": False}
        looks = Looks(directory, model, **options)
    heat = load_heat(file) if (file := heat_file(folder)).is_file() else {}
    return Evidence(
        results=results,
        alone=OTHER_NETWORKS,
        probes=_probed(folder) or {INTACT: whole},
        errors=_errors(
            looks, model, whole, errors, lambda clip, *_: heat.get(clip)
        ),
    )


def _probed(folder):
    """Returns what was asked of the folds, if anything was."""
    files = {name: probe_file(folder, name) for name in PROBES}
    return {x: Result.load(y) for x, y in files.items() if y.is_file()}


def _errors(looks, model, result, most, look):
    """Returns the surest wrong answers as samples, with their evidence.

    Args:
        looks: `Looks` at the clips, at these at least.
        model: The network that they are cut out for.
        result: The `Result`.
        most: How many to show at most.
        look: Function of the clip, the inputs and the answer -> dict of
            stream -> heat, or `None`.
    """
    chosen = surest_errors(result, most)
    names, samples = result.class_names, []
    wanted = [result.clips[clip] for clip in chosen]
    shown = _middle_views(looks, model, wanted) if wanted else ()
    for clip, inputs in zip(chosen, shown, strict=True):
        answer = int(result.answers[clip])
        heat = look(result.clips[clip], inputs, answer)
        parts = {name: x[0] for name, x in inputs.items()}
        if heat:
            heat = {name: _timed(x, 3) for name, x in heat.items()}
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
                f"{names[answer]} ({result.scores[clip].max():.0%})",
                group=(result.groups or {clip: ""})[clip] or "",
                heat=heat,
                **parts,
            )
        )
    return samples


def _looking(model):
    """Returns a function that says where a network looks."""
    try:
        look = GradCam(model)
    except ValueError:  # streams are one from the beginning
        return lambda *_: None

    def heat(_, inputs, answer):
        return {name: x[0] for name, x in look(inputs, [answer]).items()}

    return heat


def _middle_views(looks, model, clips):
    """Returns the middle view of each clip, in their order."""
    views = looks.dataset.sample_spec.samples
    names = [clip_name(x, looks.directory) for x in looks.dataset.file_paths]
    wanted = {names.index(x) * views + views // 2: x for x in clips}
    found = {}
    for index, (inputs, *_) in looks.dataset.unbatch().enumerate():
        if int(index) in wanted:
            found[wanted[int(index)]] = {
                name: inputs[name].numpy()[None] for name in model.input
            }
    return [found[clip] for clip in clips]


def _timed(x: np.ndarray, rank: int) -> np.ndarray:
    """Returns an array with an axis for time in front."""
    return x if x.ndim == rank else x[None]
