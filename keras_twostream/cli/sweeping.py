"""The verb about what looks at a clip cost: `sweep`."""

import dataclasses
from pathlib import Path

from keras_twostream.cli.evaluating import use_arguments
from keras_twostream.cli.output import (
    import_keras,
    percent,
    plain_warnings,
    print_json,
    print_table,
)
from keras_twostream.cli.training import DIRECTORY, data_arguments
from keras_twostream.evaluation.protocols import COUNTS, PROTOCOLS


def sweep(
    directory, model, counts, protocol, png, cache_dir, workers, as_json, **flow
):
    """Measure how much accuracy each further look at a clip buys."""
    import_keras()
    from keras_twostream.evaluation import load_run, view_sweep

    network, record = load_run(model)
    with plain_warnings():
        rows = view_sweep(
            directory,
            network,
            counts,
            protocol=protocol,
            flow=dataclasses.replace(record.flow, **flow) if flow else None,
            cache_dir=cache_dir,
            workers=workers,
            verbose=False if as_json else "auto",
        )
    if png:
        from keras_twostream.report import figures

        Path(png).write_bytes(figures.png(figures.sweep_lines(rows)))
    if as_json:
        print_json(rows)
        return
    _print_rows(rows)
    if png:
        print(f"Written: {png}")


def _print_rows(rows):
    """Prints what was measured, from the cheapest on."""
    table = []
    for row in rows:
        low, high = row["interval"]
        table.append(
            (
                row["views"],
                row["places"] + (", mirrored" if row["flips"] else ""),
                row["samples"],
                f"{row['seconds']:.3f}",
                percent(row["accuracy"]),
                f"{percent(low)} to {percent(high)}",
            )
        )
    head = ("moments", "places", "samples", "s a clip", "right")
    print_table((*head, "95 % interval"), table)


def _arguments(verb):
    verb.add_argument("directory", help=DIRECTORY)
    verb.add_argument(
        "--counts",
        type=int,
        nargs="+",
        default=COUNTS,
        help="numbers of moments to look at",
    )
    verb.add_argument(
        "--protocol",
        choices=PROTOCOLS,
        default="default",
        help="places and mirror images of every moment, and the average",
    )
    verb.add_argument("--png", help="file for a picture of it")
    use_arguments(verb)
    data_arguments(verb)


VERBS = {"sweep": (sweep, _arguments)}
