"""Training and validation clips that share nothing."""

from collections.abc import Sequence

import numpy as np

from keras_twostream.clips.clips import Clips

SUBSETS = ("training", "validation")


def check_split(
    validation_split: float | None,
    subset: str | None,
    shuffle: bool,
    seed: int | None,
) -> None:
    """Checks the arguments of a split, as Keras's own data loaders do.

    Raises:
        ValueError: If they are wrong or don't fit together.
    """
    if validation_split is not None and not 0 < validation_split < 1:
        raise ValueError(
            "`validation_split` must be between 0 and 1, "
            f"received: {validation_split}"
        )
    if (validation_split is None) != (subset is None):
        raise ValueError(
            "If `subset` is set, `validation_split` must be set, and "
            f"inversely. Received: validation_split={validation_split}, "
            f"subset={subset!r}"
        )
    if subset not in (*SUBSETS, "both", None):
        raise ValueError(
            '`subset` must be either "training", "validation" or "both", '
            f"received: {subset!r}"
        )
    if validation_split and shuffle and seed is None:
        raise ValueError(
            "If using `validation_split` and shuffling the data, you must "
            "provide a `seed` argument, to make sure that there is no "
            "overlap between the training and validation subset."
        )


def split_clips(
    clips: Clips,
    validation_split: float | None,
    subset: str,
    seed: int | None = None,
) -> Clips:
    """Returns the training or the validation part of a list of clips.

    Groups are never split. Within that, classes are represented as evenly
    as their groups allow, and each keeps at least one clip for training.

    Args:
        clips: The clips, with labels or without.
        validation_split: Share of the clips that is for validation, between
            0 and 1.
        subset: "training" or "validation". With the same other arguments the
            two together are all clips.
        seed: Decides which groups are drawn; `None` is a seed as well.

    Returns:
        `Clips` in their order.

    Raises:
        ValueError: If an argument is wrong, or no group can be spared for
            validation.
    """
    check_split(validation_split, subset, shuffle=False, seed=seed)
    if validation_split is None or subset not in SUBSETS:
        raise ValueError(
            f"`subset` must be one of {SUBSETS}, received: {subset!r}"
        )
    held_out = _draw(clips, validation_split, seed)
    if not held_out.any():
        raise ValueError(
            f"`validation_split`={validation_split} leaves no clip for "
            f"validation: {len(clips)} clips in {len({*_groups(clips)})} "
            "groups cannot be divided so that every class keeps one for "
            "training. Give more clips, or a larger share."
        )
    wanted = held_out if subset == "validation" else ~held_out
    return clips.take(np.flatnonzero(wanted).tolist())


def _groups(clips: Clips) -> Sequence[str]:
    return clips.groups or [str(path) for path in clips.paths]


def _draw(clips: Clips, share: float, seed: int | None) -> np.ndarray:
    """Returns which clips are held out, as booleans."""
    _, members = np.unique(_groups(clips), return_inverse=True)
    labels = np.array(clips.labels or [0] * len(clips))
    counts = np.zeros((members.max() + 1, labels.max() + 1), int)
    np.add.at(counts, (members, labels), 1)
    order = np.random.default_rng(seed or 0).permutation(len(counts))

    total = counts.sum(0)
    held = np.zeros(len(counts), bool)
    # First each class gets its share as nearly as groups allow. Where classes
    # are too small for that, some are drawn to make up the whole share.
    for measure in (np.abs, lambda missing: abs(missing.sum())):
        for group in order[~held[order]]:
            before = counts[held].sum(0)
            after = before + counts[group]
            gain = np.sum(measure(share * total - before)) - np.sum(
                measure(share * total - after)
            )
            held[group] = gain > 1e-9 and np.all((total == 0) | (after < total))
    return held[members]
