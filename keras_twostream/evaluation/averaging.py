"""Scores of views -> scores of clips; whatever scores are -> probabilities."""

import numpy as np

# How scores that somebody saved are to be read. "positive" is for scores of
# linear layers whose negative part says nothing: it is cut off, and the rest
# made a share.
KINDS = ("probabilities", "logits", "positive")
# The least probability whose logarithm is taken, that of float32.
TINY = float(np.finfo(np.float32).tiny)


def averaged(scores: np.ndarray, average: str) -> np.ndarray:
    """Returns the scores of clips from those of their views.

    The mean of logits is taken of logarithms of probabilities, which differ
    from them by a number that all classes of a view share; so no network has
    to be cut off before its softmax.

    Args:
        scores: `(clips, views, classes)`, probabilities.
        average: "probabilities" or "logits".

    Returns:
        `float32 (clips, classes)`, probabilities.
    """
    if average == "probabilities":
        return normalized(scores.mean(axis=1, dtype=np.float64))
    logits = np.log(np.maximum(scores, TINY, dtype=np.float64))
    return softmax(logits.mean(axis=1))


def softmax(logits: np.ndarray) -> np.ndarray:
    """Returns `float32` probabilities from scores before softmax."""
    logits = np.asarray(logits, np.float64)
    powers = np.exp(logits - logits.max(-1, keepdims=True))
    return normalized(powers)


def normalized(scores: np.ndarray) -> np.ndarray:
    """Returns `float32` shares from what is not negative."""
    total = scores.sum(-1, keepdims=True)
    # Who has no score at all is no better than any other.
    equal = np.full_like(scores, 1 / scores.shape[-1])
    shares = np.divide(scores, total, out=equal, where=total > 0)
    return shares.astype(np.float32)


def as_probabilities(scores: np.ndarray, kind: str | None = None) -> np.ndarray:
    """Returns scores of any kind as probabilities.

    Args:
        scores: `(..., classes)`.
        kind: One of `KINDS`; `None` to tell by the numbers: what is not
            negative and has a sum of about 1 is a probability.

    Raises:
        ValueError: If the kind is unknown, or numbers are not of it.
    """
    scores = np.asarray(scores, np.float64)
    if kind is not None and kind not in KINDS:
        raise ValueError(
            f"Scores are one of {KINDS}, or None. Received: {kind!r}"
        )
    if not np.isfinite(scores).all():
        raise ValueError("Scores must be finite. Received: NaN or infinity")
    kind = kind or kind_of(scores)
    if kind == "logits":
        return softmax(scores)
    if kind == "positive":
        return normalized(np.maximum(scores, 0))
    if kind_of(scores) != kind:
        raise ValueError(
            "Probabilities are not negative and have a sum of 1. Received: "
            f"{scores.min():g} to {scores.max():g}, sums from "
            f"{scores.sum(-1).min():g} to {scores.sum(-1).max():g}"
        )
    return normalized(np.maximum(scores, 0))


def kind_of(scores: np.ndarray) -> str:
    """Returns "probabilities" or "logits", whichever numbers look like."""
    whole = np.abs(scores.sum(-1) - 1).max() < 1e-2
    return "probabilities" if whole and scores.min() > -1e-6 else "logits"
