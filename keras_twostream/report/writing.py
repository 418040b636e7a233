"""From a run folder to a page that says how good the network is, and why."""

import csv
import json
import os
import shlex
from pathlib import Path

import numpy as np

from keras_twostream.evaluation.cam import GradCam
from keras_twostream.evaluation.looks import Looks
from keras_twostream.evaluation.networks import loaded
from keras_twostream.evaluation.probes import INTACT, probe
from keras_twostream.evaluation.protocols import ALL
from keras_twostream.models.balance import stream_balance
from keras_twostream.models.subset import keep_streams
from keras_twostream.report import figures
from keras_twostream.report.page import write_page
from keras_twostream.report.run_page import RunFacts, draw_run
from keras_twostream.report.sheets import Sample

PAGE, CONFIG, HISTORY, RESULTS = (
    "report.html",
    "config.json",
    "history.csv",
    "results",
)
ERRORS = 8


def write_report(
    run: str | os.PathLike,
    directory: str | os.PathLike | None = None,
    html: str | os.PathLike | None = None,
    *,
    errors: int = ERRORS,
    probes: bool = True,
    pngs: str | os.PathLike | None = None,
    **options,
) -> Path:
    """Writes one page about a trained network, which needs no other file.

    It holds accuracy with its interval, what each stream is worth, curves,
    the confusion matrix, classes, calibration, what is left when motion or
    appearance is taken away, and the surest errors, played, with what speaks
    for them.

    Args:
        run: Run folder of `training.train`.
        directory: Folder of clips, or prepared set, to measure it on; by
            default the run's own, of which only what it was not trained on
            is taken.
        html: The file to write; by default `report.html` in the run folder.
        errors: Wrong answers to show at most.
        probes: Whether to take motion and appearance away, which takes some
            ten times as long.
        pngs: Folder for the figures as files too.
        **options: As for `evaluation.looks.Looks`: `protocol`, `cache_dir`,
            `workers` and so on.

    Returns:
        Path of the page.

    Raises:
        FileNotFoundError: If there is no such run.
        ValueError: If there are no clips to measure it on.
        OSError: If the page cannot be written.
    """
    folder = Path(run)
    settings = _settings(folder)
    held_back = settings.get("validation_clips") if directory is None else None
    directory = directory or settings.get("data")
    if directory is None or held_back == []:
        raise ValueError(
            f"{folder} has no clips that were held back from its training: "
            "name a folder of clips to measure it on"
        )
    model, record = loaded(folder)
    looks = Looks(directory, model, only=held_back, **options)
    networks = {ALL: model}
    if len(record.streams) > 1:
        networks |= {s: keep_streams(model, s) for s in record.streams}
    results = {name: looks.ask(network) for name, network in networks.items()}
    found = probe(looks, model) if probes else {INTACT: results[ALL]}
    for name, result in (results | found).items():
        name = name.replace(" ", "_")
        result.save(folder / RESULTS / f"{Path(directory).name}.{name}.json")
    drawn = _figures(folder, model, results, found)
    if pngs:
        _write_figures(drawn, Path(pngs))
    facts = RunFacts(
        title=f"{model.name} on {Path(directory).name}",
        results=results,
        probes=found,
        figures=drawn,
        errors=_errors(looks, model, results[ALL], errors),
        told=_told(settings, results[ALL]),
        command=_command(folder, directory if held_back is None else None),
    )
    return write_page(html or folder / PAGE, *draw_run(facts))


def _settings(folder: Path) -> dict:
    path = folder / CONFIG
    if not path.is_file():
        raise FileNotFoundError(
            f"{folder} is not a run folder: it has no {CONFIG}"
        )
    return json.loads(path.read_text(encoding="utf-8"))


def _figures(folder, model, results, probes):
    """Returns title -> (figure, what it says), of all there is."""
    whole = results[ALL]
    drawn = {}
    if (folder / HISTORY).is_file() and _has_rows(folder / HISTORY):
        drawn["Training"] = (
            figures.curves(folder / HISTORY),
            "The epoch of the lowest validation loss was kept.",
        )
    drawn["Confusion"] = (
        figures.confusion_matrix(whole),
        "Clips by class and answer; shades are shares of the class.",
    )
    drawn["Classes"] = (
        figures.class_bars(results),
        "Both streams, and the same network with one of them.",
    )
    drawn["Calibration"] = (
        figures.calibration(whole),
        "On the line a network is right as often as it says.",
    )
    balance = stream_balance(model) if len(results) > 1 else {}
    if balance:
        drawn["Stream balance"] = (
            figures.balance_bars(balance),
            "By the weights of the fusion; it proves nothing about accuracy.",
        )
    if len(probes) > 1:
        drawn["Motion or appearance"] = (
            figures.probe_bars(probes),
            "What is left of the accuracy; the dashed line is all of it.",
        )
    return drawn


def _has_rows(log: Path) -> bool:
    with log.open(newline="", encoding="utf-8") as file:
        return len(list(csv.DictReader(file))) > 1


def _write_figures(drawn, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for title, (figure, _) in drawn.items():
        name = title.lower().replace(" ", "_")
        (folder / f"{name}.png").write_bytes(figures.png(figure))


def _errors(looks, model, result, most):
    """Returns the surest wrong answers as samples, with their evidence."""
    wrong = np.flatnonzero(~result.right)
    sure = result.scores.max(-1)
    chosen = wrong[np.argsort(-sure[wrong])][:most]
    if not len(chosen):
        return []
    try:
        look = GradCam(model)
    except ValueError:
        look = None
    names, samples = result.class_names, []
    for clip, inputs in _middle_views(looks, model, chosen):
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


def _middle_views(looks, model, clips):
    """Yields clips, the surest error first, and the middle view of each."""
    views = looks.dataset.sample_spec.samples
    wanted = {int(clip) * views + views // 2: int(clip) for clip in clips}
    found = {}
    for number, (inputs, *_) in looks.dataset.unbatch().enumerate():
        if int(number) in wanted:
            found[wanted[int(number)]] = {
                name: inputs[name].numpy()[None] for name in model.input
            }
    for clip in clips:
        yield int(clip), found[int(clip)]


def _timed(x: np.ndarray, rank: int) -> np.ndarray:
    """Returns an array with an axis for time in front."""
    return x if x.ndim == rank else x[None]


def _told(settings, result) -> dict[str, str]:
    flow = result.made["flow"]
    return {
        "flow": f"{flow['algorithm']}, bound {flow['bound']:g} pixels",
        "trained on": f"{settings.get('training_clips', '?')} clips",
        "seed": str(settings.get("recipe", {}).get("seed", "?")),
        "weights": f"{result.made['weights'][:12]}",
        "software": result.made["software"],
    }


def _command(folder, directory) -> str:
    words = ["keras-twostream", "report", str(folder)]
    if directory is not None:
        words += ["--data", str(directory)]
    return shlex.join(words)
