"""Verbs about results that were written: `compare` and `fuse`."""

import dataclasses
from pathlib import Path

from keras_twostream.cli.models import _json_argument
from keras_twostream.cli.output import percent, points, print_json, print_table
from keras_twostream.evaluation.averaging import KINDS


def compare(first, second, as_json):
    """Tell whether one of two results for the same clips is better."""
    from keras_twostream.evaluation import Result, compare

    found = compare(Result.load(first), Result.load(second))
    if as_json:
        print_json(found)
        return
    _print_comparison(found, (Path(first).stem, Path(second).stem))


def _print_comparison(found, names):
    rows = [
        (name, percent(accuracy), only)
        for name, accuracy, only in zip(
            names,
            found["accuracies"],
            (found["only_first"], found["only_second"]),
            strict=True,
        )
    ]
    print_table(("", "right", "alone right"), rows)
    low, high = found["interval"]
    sure = "significant" if found["p"] < 0.05 else "not significant"
    print(
        f"Difference {points(found['difference'])} of {found['clips']} clips, "
        f"95 % interval {points(low)} to {points(high)}; exact McNemar test "
        f"p = {found['p']:.2g}: {sure}."
    )


def fuse(first, second, weights, labels, classes, kind, output, as_json):
    """Average the scores of two streams, and tell whether that helps."""
    from keras_twostream.evaluation import summarize
    from keras_twostream.evaluation.foreign import read_result
    from keras_twostream.evaluation.fusing import fuse_results

    both = [read_result(x, labels, classes, kind) for x in (first, second)]
    found = fuse_results(*both, weights=weights)
    if output:
        found.result.save(output)
    if as_json:
        told = dataclasses.asdict(found) | {"result": summarize(found.result)}
        print_json(told)
        return
    gains = sorted(found.comparison["classes"], key=lambda x: x["difference"])
    shown = [*gains[:3], *gains[-3:]] if len(gains) > 6 else gains
    rows = [
        (row["label"], row["clips"], points(row["difference"]))
        for row in reversed(shown)
    ]
    print_table(("class", "clips", "gain by fusion"), rows)
    names = (Path(first).stem, Path(second).stem)
    print_table(
        ("scores", "right"),
        [
            *(
                (n, percent(x.accuracy))
                for n, x in zip(names, both, strict=True)
            ),
            ("fused", percent(found.result.accuracy)),
        ],
    )
    for half in found.halves:
        print(
            f"{half['clips']} clips by weights "
            f"{_numbers(half['weights'])} and temperatures "
            f"{_numbers(half['temperatures'])}, chosen on the others"
        )
    print(f"Weights for other clips: {_numbers(found.weights)}")
    _print_comparison(found.comparison, (names[0], "fused"))


def _numbers(values):
    return " : ".join(f"{value:.3g}" for value in values)


def _compare_arguments(verb):
    verb.add_argument("first", help="result that `evaluate` wrote")
    verb.add_argument("second", help="another one")
    _json_argument(verb)


def _fuse_arguments(verb):
    scores = "result of `evaluate`, or .npy, .npz, .h5 or .mat with scores"
    verb.add_argument("first", help=f"{scores}; FILE::NAME for one of several")
    verb.add_argument("second", help="the same of the other stream")
    verb.add_argument(
        "--weights",
        type=float,
        nargs=2,
        metavar=("FIRST", "SECOND"),
        help="weights of the streams; by default chosen on one half of the "
        "clips for the other, and the other way round",
    )
    verb.add_argument(
        "--labels", help="for scores of others: list of the clips, in order"
    )
    verb.add_argument(
        "--classes", help="for scores of others: file of the classes, in order"
    )
    verb.add_argument("--kind", choices=KINDS, help="what scores of others are")
    verb.add_argument("--output", help="JSON file for the fused result")
    _json_argument(verb)


VERBS = {
    "compare": (compare, _compare_arguments),
    "fuse": (fuse, _fuse_arguments),
}
