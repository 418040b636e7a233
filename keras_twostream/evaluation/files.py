"""Where a run folder keeps its results, and what they are called."""

import os
from pathlib import Path

from keras_twostream.evaluation.protocols import ALL

RESULTS = "results"
_CROSSED, _HELD_BACK, _PROBE = "cross_validation", "held_back", "probe"
# Networks beside the one of a run, as they are called.
BESIDE = {
    "rgb": "RGB alone",
    "flow": "flow alone",
    "late": "late fusion of these two",
}


def crossed_file(run: str | os.PathLike, part: str = ALL) -> Path:
    """Returns the file of a cross-validation.

    Args:
        run: Run folder.
        part: "all", or one of `BESIDE`.
    """
    name = _CROSSED if part == ALL else f"{_CROSSED}.{part}"
    return Path(run, RESULTS, f"{name}.json")


def held_back_file(run: str | os.PathLike) -> Path:
    """Returns the file for clips that were held back from a run."""
    return Path(run, RESULTS, f"{_HELD_BACK}.json")


def probe_file(run: str | os.PathLike, name: str) -> Path:
    """Returns the file of one of `probes.PROBES`, asked of the folds."""
    return Path(run, RESULTS, f"{_PROBE}.{name.replace(' ', '_')}.json")


def heat_file(run: str | os.PathLike) -> Path:
    """Returns the file of what speaks for wrong answers, asked of the folds."""
    return Path(run, RESULTS, "heat.npz")
