"""Tables of what `ut_interaction.py` measured."""

import math

import numpy as np

from keras_twostream.cli.output import percent, print_table

# Clips right, of 60, by logistic regression on the same frozen features
# pooled over three ordered thirds; its fused features are concatenated.
REFERENCES = {"spatial": 53, "temporal": 52, "late": 54, "mid-level": 55}
REFERENCE_CLIPS = 60
ORDER = ("spatial", "temporal", "late", "mid-level, as started", "mid-level")


def print_report(result):
    """Prints accuracies, accuracies per class, paired counts and times.

    Args:
        result: What `ut_interaction.measure` returns, with the `seeds`, the
            `seconds` and the `cpu_seconds`.
    """
    labels = np.array(result["labels"])
    right = {
        name: np.array([row[name] for row in result["answers"]]) == labels
        for name in ORDER
    }
    _print_accuracy(right, result["seeds"])
    _print_classes(right, result["classes"], labels)
    _print_pairs(right, result["seeds"])
    print(
        "Frames, segments, rates and the flow's first kernel were chosen on "
        "these clips: on others, expect less."
    )
    print(
        f"{result['seconds'] / 60:.1f} minutes of wall time, "
        f"{result['cpu_seconds'] / 60:.1f} minutes of CPU time."
    )


def _print_accuracy(right, seeds):
    rows = []
    for name, hits in right.items():
        counts = hits.sum(axis=1)
        reference = REFERENCES.get(name)
        share = reference and reference / REFERENCE_CLIPS
        mean = f"{counts.mean():.1f}"
        row = (name, *counts, mean, percent(hits.mean()), percent(share))
        rows.append(row)
    titles = ("network", *(f"seed {seed}" for seed in seeds))
    count = right["late"].shape[1]
    print_table(
        (*titles, "mean", "accuracy", "reference"),
        rows,
        f"Clips right, of {count}, each learnt from the other sequences",
    )


def _print_classes(right, classes, labels):
    rows = [
        (
            name,
            *(percent(hits[:, labels == i].mean()) for hits in right.values()),
        )
        for i, name in enumerate(classes)
    ]
    print_table(("class", *right), rows, "Accuracy per class, all seeds")


def _print_pairs(right, seeds):
    rows = []
    for name in ORDER[-2:]:
        pairs = zip(seeds, right[name], right["late"], strict=True)
        for seed, mid, late in pairs:
            gained, lost = int((mid & ~late).sum()), int((late & ~mid).sum())
            chance = f"{mcnemar(gained, lost):.2f}"
            rows.append((name, seed, gained, lost, chance))
    print_table(
        ("network", "seed", "right, late wrong", "wrong, late right", "p"),
        rows,
        "Mid-level against late fusion, clip by clip (exact McNemar test)",
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
