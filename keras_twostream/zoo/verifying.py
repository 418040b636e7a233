"""Checks published weights again: bytes, hash, parameters, golden sample."""

from dataclasses import dataclass

import numpy as np

from keras_twostream.models.table import MODELS
from keras_twostream.weights.entry import OWN_FORMATS
from keras_twostream.weights.index import find_zoo
from keras_twostream.zoo.describe import golden_of
from keras_twostream.zoo.loading import load

PASSED, FAILED, LISTED = "passed", "FAILED", "not verified"


@dataclass(frozen=True)
class Verdict:
    """What was found about one entry.

    Attributes:
        name: Of the weights.
        status: `PASSED`, `FAILED`, or `LISTED` for weights that are only
            known by their address.
        detail: What was checked, or what is wrong.
    """

    name: str
    status: str
    detail: str


def verify(name):
    """Loads published weights and compares what they answer.

    The bytes and their hash are checked, then the network is built and
    filled, its parameters are counted and it is asked for the scores of the
    golden sample. Weights that nobody has verified yet, which the entry says,
    are not downloaded for that.

    Args:
        name: A name of `list_weights()`.

    Returns:
        `Verdict`.
    """
    try:
        entry = find_zoo().entry(name)
        if entry.model not in MODELS:
            raise ValueError(f"there is no network {entry.model!r}")
        if entry.unverified:
            return Verdict(name, LISTED, entry.unverified)
        return Verdict(name, PASSED, _checked(entry))
    except (ValueError, OSError) as error:
        return Verdict(name, FAILED, str(error))


def _checked(entry):
    """Returns what was checked of an entry, or raises what is wrong."""
    model = load(entry.name)
    count = model.count_params()
    if entry.parameters is not None and count != entry.parameters:
        raise ValueError(
            f"the network has {count:,} parameters, the entry says "
            f"{entry.parameters:,}"
        )
    report = model.load_report
    if entry.file.format in OWN_FORMATS and (
        report.missing or report.reinitialised
    ):
        raise ValueError(f"the weights do not fill the network: {report}")
    found = np.array(golden_of(model).scores)
    wanted = np.array(entry.golden.scores)
    if found.shape != wanted.shape:
        raise ValueError(
            f"it answers {found.size} scores, the entry has {wanted.size}"
        )
    difference = float(np.abs(found - wanted).max())
    if not difference <= entry.golden.tolerance:
        raise ValueError(
            f"its answer to the golden sample is {difference:.2g} away from "
            f"the entry's, more than {entry.golden.tolerance:g}"
        )
    return (
        f"{entry.file.bytes:,} bytes, hash, {count:,} parameters, golden "
        f"sample within {difference:.1g}"
    )
