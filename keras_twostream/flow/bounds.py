"""How large displacements are, and the bound that fits them."""

import math
from collections.abc import Iterable

import numpy as np

# Share of the components of the flow that a bound lets through, in percent.
PERCENTILE = 99.5


class Magnitudes:
    """Counts how large numbers are, in constant memory.

    Args:
        step: Width of a bin, in the unit of the numbers.
        largest: What is larger counts as this.
    """

    def __init__(self, step: float = 1 / 64, largest: float = 4096.0):
        self._step, self._largest = step, largest
        self._counts = np.zeros(int(largest / step) + 1, np.int64)

    def add(self, values: np.ndarray) -> None:
        """Counts the absolute values of an array; NaN does not count."""
        known = np.abs(values[~np.isnan(values)])
        bins = np.minimum(known, self._largest) / self._step
        counts = np.bincount(bins.astype(np.int64))
        self._counts[: len(counts)] += counts

    def percentile(self, percent: float) -> float:
        """Returns what that share of the values does not exceed, to a bin.

        Raises:
            ValueError: If nothing was counted.
        """
        total = self._counts.sum()
        if not total:
            raise ValueError("No displacement is known: nothing was counted.")
        places = self._counts.cumsum()
        return int(np.searchsorted(places, total * percent / 100)) * self._step


def bound_of(
    fields: Iterable[np.ndarray], percentile: float = PERCENTILE
) -> float:
    """Returns a bound that cuts off next to nothing of some flow.

    Args:
        fields: `float (H, W, 2)` displacements in pixels; unknown flow (NaN)
            does not count. They are looked at one after the other.
        percentile: In percent, of |u| and |v| of all pixels together: what
            lies beyond it is cut off.

    Returns:
        That percentile, rounded up to a whole number of pixels, at least 1.

    Raises:
        ValueError: If no flow is known.
    """
    magnitudes = Magnitudes()
    for field in fields:
        magnitudes.add(field)
    return float(max(1, math.ceil(magnitudes.percentile(percentile))))
