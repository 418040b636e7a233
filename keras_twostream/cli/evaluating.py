"""Verbs that ask trained networks: `evaluate` and `predict`."""

import argparse
import dataclasses
from pathlib import Path

from keras_twostream.cli.flags import field_arguments, given_of
from keras_twostream.cli.models import _json_argument
from keras_twostream.cli.output import (
    import_keras,
    percent,
    plain_warnings,
    print_json,
    print_table,
)
from keras_twostream.cli.training import DIRECTORY, data_arguments
from keras_twostream.evaluation.files import RESULTS
from keras_twostream.evaluation.protocols import (
    ALL,
    PROTOCOLS,
    VIEWS,
    Protocol,
    get_protocol,
)
from keras_twostream.flow.spec import FlowSpec


def evaluate(
    directory, model, protocol, output, cache_dir, workers, as_json, **settings
):
    """Measure a trained network on a folder of clips or a prepared set."""
    looks = given_of(Protocol, settings)
    flow = given_of(FlowSpec, settings)
    protocol = dataclasses.replace(get_protocol(protocol), **looks)
    import_keras()
    from keras_twostream.evaluation import evaluate, load_run, summarize

    network, record = load_run(model)
    with plain_warnings():
        results = evaluate(
            directory,
            network,
            streams=True,
            protocol=protocol,
            # Nothing said: that of the network, or of the prepared set.
            flow=dataclasses.replace(record.flow, **flow) if flow else None,
            cache_dir=cache_dir,
            workers=workers,
            verbose=False if as_json else "auto",
        )
    written = _written(results, model, directory, output)
    figures = {name: summarize(result) for name, result in results.items()}
    if as_json:
        print_json(figures.pop(ALL) | {"streams": figures, "files": written})
        return
    _print_figures(figures, protocol)
    for path in written:
        print(f"Written: {path}")


def _written(results, model, directory, output):
    """Writes results where they are asked for, or into the run folder."""
    from keras_twostream.weights.source import RUN_MODEL

    if output is None:
        if not Path(model, RUN_MODEL).is_file():
            return []
        output = Path(model, RESULTS, f"{Path(directory).name}.json")
    output = Path(output)
    paths = {
        name: output if name == ALL else output.with_suffix(f".{name}.json")
        for name in results
    }
    return [str(results[name].save(path)) for name, path in paths.items()]


def _print_figures(figures, protocol):
    """Prints what a network is worth: by class, over all, by stream."""
    whole = figures[ALL]
    rows = [
        (row["label"], row["clips"], percent(row["recall"]), "")
        for row in whole["classes"]
    ]
    for name, found in figures.items():
        label = "all" if name == ALL else f"all, {name} alone"
        low, high = found["interval"]
        between = f"{percent(low)} to {percent(high)}"
        rows.append(
            (label, found["clips"], percent(found["accuracy"]), between)
        )
    print_table(("class", "clips", "right", "95 % interval"), rows)
    extra = [f"mean of classes {percent(whole['mean_class_accuracy'])}"]
    if whole["top5"] is not None:
        extra.append(f"top 5 {percent(whole['top5'])}")
    extra.append(f"calibration error {percent(whole['ece'])}")
    print(f"{'; '.join(extra)}. Protocol: {protocol}.")


def report(run, data, html, pngs, errors, probes, protocol, cache_dir, workers):
    """Write a page about a trained network: how good, and why it errs."""
    import_keras()
    from keras_twostream.report import write_report
    from keras_twostream.training.probing import is_to_be_probed, probe_run

    if probes and data is None and is_to_be_probed(run):
        probe_run(run, cache_dir=cache_dir, workers=workers)
    with plain_warnings():
        page = write_report(
            run,
            data,
            html,
            errors=errors,
            probes=probes,
            pngs=pngs,
            protocol=protocol,
            cache_dir=cache_dir,
            workers=workers,
        )
    print(f"Written: {page}")


def predict(clip, model, top, views, as_json, **flow):
    """Name the most likely classes of a video file."""
    import_keras()
    from keras_twostream.evaluation import load_run, predict

    network, record = load_run(model)
    flow = dataclasses.replace(record.flow, **flow)
    with plain_warnings():
        answer = predict(clip, network, top=top, views=views, flow=flow)
    if as_json:
        print_json(answer)
        return
    rows = [(row["label"], percent(row["score"])) for row in answer]
    print_table(("class", "score"), rows)


def _evaluate_arguments(verb):
    verb.add_argument("directory", help=DIRECTORY)
    verb.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        default="default",
        help="how many looks at a clip make an answer",
    )
    group = verb.add_argument_group("protocol", "Instead of the protocol's.")
    field_arguments(group, Protocol, default=argparse.SUPPRESS)
    verb.add_argument(
        "--output",
        help="JSON file for the result; by default in the run folder",
    )
    use_arguments(verb)
    data_arguments(verb)


def _predict_arguments(verb):
    verb.add_argument("clip", help="video file")
    use_arguments(verb)
    verb.add_argument("--top", type=int, default=5, help="classes to name")
    verb.add_argument(
        "--views",
        type=int,
        default=VIEWS,
        help="moments of the clip whose scores are averaged",
    )


def _report_arguments(verb):
    verb.add_argument("run", help="run folder")
    verb.add_argument(
        "--data",
        help="folder of clips or prepared set; by default what the run held "
        "back of its own",
    )
    verb.add_argument("--html", help="file; by default report.html in the run")
    verb.add_argument("--pngs", help="folder for the figures as files too")
    verb.add_argument(
        "--errors", type=int, default=8, help="wrong answers to show"
    )
    verb.add_argument(
        "--probes",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="take motion and appearance away, which takes its time",
    )
    verb.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        default="default",
        help="how many looks at a clip make an answer",
    )
    data_arguments(verb)


def use_arguments(verb):
    """Adds the flags of whatever asks a trained network."""
    verb.add_argument(
        "--model", required=True, help="run folder or .keras file"
    )
    group = verb.add_argument_group(
        "flow", "Computed as the model was trained, unless told otherwise."
    )
    field_arguments(group, FlowSpec, default=argparse.SUPPRESS)
    _json_argument(verb)


VERBS = {
    "evaluate": (evaluate, _evaluate_arguments),
    "predict": (predict, _predict_arguments),
    "report": (report, _report_arguments),
}
