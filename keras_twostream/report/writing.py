"""From a run folder to a page that says how good the network is, and why."""

import csv
import json
import os
import shlex
from pathlib import Path

from keras_twostream.evaluation.files import RESULTS, crossed_file
from keras_twostream.evaluation.networks import loaded
from keras_twostream.evaluation.protocols import ALL
from keras_twostream.models.balance import stream_balance
from keras_twostream.report import figures
from keras_twostream.report.evidence import asked, cross_validated
from keras_twostream.report.page import write_page
from keras_twostream.report.run_page import RunFacts, draw_run

PAGE, CONFIG, HISTORY = (
    "report.html",
    "config.json",
    "history.csv",
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
            is taken. Of a run of `finetune` the page is about its
            cross-validation then.
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
    crossed = directory is None and crossed_file(folder).is_file()
    directory = directory or settings.get("data")
    if directory is None or (held_back == [] and not crossed):
        raise ValueError(
            f"{folder} has no clips that were held back from its training: "
            "name a folder of clips to measure it on"
        )
    model, _ = loaded(folder)
    if crossed:
        found = cross_validated(folder, directory, model, errors, **options)
    else:
        found = asked(directory, model, held_back, errors, probes, **options)
        for name, result in {**found.results, **found.probes}.items():
            name = f"{Path(directory).name}.{name.replace(' ', '_')}.json"
            result.save(folder / RESULTS / name)
    drawn = _figures(folder, model, found)
    if pngs:
        _write_figures(drawn, Path(pngs))
    facts = RunFacts(
        title=f"{model.name} on {Path(directory).name}",
        results=found.results,
        alone=found.alone,
        probes=found.probes,
        figures=drawn,
        errors=found.errors,
        told=_told(settings, found.results[ALL]),
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


def _figures(folder, model, found):
    """Returns title -> (figure, what it says), of all there is."""
    results, probes = found.results, found.probes
    whole = results[ALL]
    drawn = {}
    if (folder / HISTORY).is_file() and _has_rows(folder / HISTORY):
        drawn["Training"] = (
            figures.curves(folder / HISTORY),
            "Where clips are held back the epoch of the lowest validation "
            "loss is kept.",
        )
    drawn["Confusion"] = (
        figures.confusion_matrix(whole),
        "Clips by class and answer; shades are shares of the class.",
    )
    drawn["Classes"] = (
        figures.class_bars(results),
        "Both streams, and what is beside them.",
    )
    drawn["Calibration"] = (
        figures.calibration(whole),
        "On the line a network is right as often as it says.",
    )
    balance = stream_balance(model) if len(model.input) > 1 else {}
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


def _told(settings, result) -> dict[str, str]:
    flow = result.made["flow"]
    return {
        "flow": f"{flow['algorithm']}, bound {flow['bound']:g} pixels",
        "trained on": f"{settings.get('training_clips', '?')} clips",
        "seed": str(settings.get("recipe", {}).get("seed", "?")),
        "weights": (result.made["weights"] or "one network a fold")[:18],
        "software": result.made["software"],
    }


def _command(folder, directory) -> str:
    words = ["keras-twostream", "report", str(folder)]
    if directory is not None:
        words += ["--data", str(directory)]
    return shlex.join(words)
