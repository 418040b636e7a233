"""Tables of what `real_clips.py` measured."""

import math

import numpy as np
from real_networks import LATE

from keras_twostream.cli.output import percent, print_table


def print_report(name, result):
    """Prints accuracies, accuracies per class, and paired counts.

    Args:
        name: What the set is called.
        result: Its part of what `real_clips.measure` returns.
    """
    labels = np.array(result["labels"])
    right = {
        network: np.array(answers) == labels
        for network, answers in result["answers"].items()
    }
    _print_accuracy(name, right, result)
    late, mid = best(right, LATE), best(right, "relu5")
    _print_classes(right, (late, mid), result["classes"], labels)
    _print_pairs(right, late, mid, result["seeds"])


def best(right, word):
    """Returns the network with a word in its name that has most clips right.

    Args:
        right: Network -> array `(seeds, clips)` of whether each is right.
        word: Part of the name.
    """
    counts = {name: x.sum() for name, x in right.items() if word in name}
    return max(counts, key=counts.get)


def _print_accuracy(name, right, result):
    rows = []
    for network, hits in right.items():
        counts = hits.sum(axis=1)
        spread = f"{counts.mean():.1f} +- {counts.std():.1f}"
        rows.append((network, *counts, spread, percent(hits.mean())))
    seeds = (f"seed {seed}" for seed in result["seeds"])
    print_table(
        ("network", *seeds, "mean +- deviation", "accuracy"),
        rows,
        f"{name}: clips right, of {len(result['labels'])}, each learnt from "
        f"the other {result['groups']}",
    )


def _print_classes(right, networks, classes, labels):
    rows = [
        (
            name,
            *(percent(right[n][:, labels == i].mean()) for n in networks),
        )
        for i, name in enumerate(classes)
    ]
    print_table(("class", *networks), rows, "Accuracy per class, all seeds")


def _print_pairs(right, late, mid, seeds):
    rows = []
    for seed, one, other in zip(seeds, right[mid], right[late], strict=True):
        gained, lost = int((one & ~other).sum()), int((other & ~one).sum())
        rows.append((seed, gained, lost, f"{mcnemar(gained, lost):.3f}"))
    print_table(
        ("seed", "right, late wrong", "wrong, late right", "p"),
        rows,
        f"{mid} against {late}, clip by clip (exact McNemar test)",
    )


def mcnemar(gained, lost):
    """Returns how likely so uneven a count is if both are equally good.

    Args:
        gained: Clips that the first alone has right.
        lost: Clips that the second alone has right.
    """
    count = gained + lost
    tail = sum(math.comb(count, i) for i in range(min(gained, lost) + 1))
    return min(1.0, 2 * tail / 2**count)
