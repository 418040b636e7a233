"""Clips that look and move alike.

A clip's *likeness* is its mean frame and what each part of it adds to that,
very small and without brightness and contrast. Copies of a clip in another
encoding, size, frame rate or brightness keep both. Other actions of the same
person before the same wall keep the mean frame alone. Copies that begin or
end elsewhere are not found.
"""

import base64
from collections.abc import Iterator, Sequence

import cv2
import numpy as np

# Side of the small frames, and parts of a clip.
SIDE, PARTS = 16, 12
# Correlations from which on two clips are nearly the same. On the clips of
# Weizmann, UT-Interaction and UCF101, different ones with like mean frames
# stay below 0.94 in what their parts add; of copies in two thirds of the
# size, of JPEG quality 40 and of other brightness, 95 % stay above 0.98.
LOOKS_ALIKE, MOVES_ALIKE = 0.97, 0.96
# Deviation from the mean frame, in levels, up to which a clip stands still.
_STILL = 0.3
# Clips that are compared with one another at once.
_BLOCK = 512
_LOOKS = SIDE**2


def shrink(gray: np.ndarray) -> np.ndarray:
    """Returns a grey frame as `float16 (SIDE, SIDE)`."""
    small = cv2.resize(
        gray.astype(np.float32), (SIDE, SIDE), interpolation=cv2.INTER_AREA
    )
    return small.astype(np.float16)


def describe(small: Sequence[np.ndarray]) -> str:
    """Describes a clip.

    Args:
        small: Its frames in order, each as of `shrink`.

    Returns:
        Base64 text of `(1 + PARTS) * SIDE**2` numbers of 8 bits: the mean
        frame, then what each part adds to it, zero where nothing moves.
    """
    edges = np.linspace(0, len(small), PARTS + 1).astype(int)
    spans = zip(edges[:-1], edges[1:], strict=True)
    parts = np.stack(
        [
            np.mean(small[a : max(b, a + 1)], axis=0, dtype=np.float32)
            for a, b in spans
        ]
    )
    parts -= parts.mean(axis=(1, 2), keepdims=True)
    looks = parts.mean(axis=0)
    moves = parts - looks
    if moves.std() < _STILL:
        moves = 0 * moves
    both = np.concatenate([_levels(looks.ravel()), _levels(moves.ravel())])
    return base64.b64encode(both.tobytes()).decode()


def alike(likenesses: Sequence[str]) -> Iterator[tuple[int, int, float]]:
    """Finds the pairs of clips that are nearly the same.

    Args:
        likenesses: As of `describe`; empty ones are like nothing.

    Yields:
        Indices of the two clips, and the lesser of their correlations. Two
        clips that stand still are compared by their looks.
    """
    known = [index for index, text in enumerate(likenesses) if text]
    if not known:
        return
    rows = np.stack([_numbers(likenesses[index]) for index in known])
    starts = range(0, len(rows), _BLOCK)
    for first in starts:
        for second in starts[first // _BLOCK :]:
            blocks = (rows[x : x + _BLOCK] for x in (first, second))
            looks, moves = _correlations(*blocks)
            pairs = (looks >= LOOKS_ALIKE) & (moves >= MOVES_ALIKE)
            if first == second:
                pairs = np.triu(pairs, 1)
            for one, two in np.argwhere(pairs).tolist():
                score = float(min(looks[one, two], moves[one, two]))
                yield known[first + one], known[second + two], score


def _correlations(
    one: np.ndarray, two: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Returns how looks and motion of the rows of two blocks correlate."""
    looks = _unit(one[:, :_LOOKS]) @ _unit(two[:, :_LOOKS]).T
    moves = _unit(one[:, _LOOKS:]) @ _unit(two[:, _LOOKS:]).T
    still = [~block[:, _LOOKS:].any(axis=1) for block in (one, two)]
    moves[np.logical_and.outer(*still)] = 1
    return looks, moves


def _levels(values: np.ndarray) -> np.ndarray:
    highest = np.abs(values).max()
    return np.rint(values * (127 / max(highest, 1e-6))).astype(np.int8)


def _unit(rows: np.ndarray) -> np.ndarray:
    values = rows.astype(np.float32)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    return values / np.maximum(lengths, 1e-6)


def _numbers(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), np.int8)
