"""What preparing a list of clips will cost, before anything runs.

Some clips are drawn, and of each a few frames go through all that preparing
does: decoding, resizing, flow, storage. What that takes, and how well stored
flow is read back, stands for all of the frames that the files' headers state.
"""

import dataclasses
import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from keras_twostream.clips.clips import Clips
from keras_twostream.flow import estimators
from keras_twostream.flow.bounds import PERCENTILE, bound_of
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.preparation.costs import Estimate, row_of
from keras_twostream.preparation.survey import (
    Excerpt,
    Skipped,
    excerpts,
    extent,
    frames_for,
    nothing_read,
    one_thread,
)
from keras_twostream.preparation.trial import StoredForm, Trial, computed
from keras_twostream.video import VideoError

# Fields that are computed of each clip that is looked at.
FIELDS = 4
# How flow can be stored, as fields of `FlowSpec`.
ENCODINGS: tuple[dict[str, Any], ...] = (
    {"encoding": "png", "shrink": 1},
    {"encoding": "jpeg95", "shrink": 1},
    {"encoding": "jpeg85", "shrink": 1},
    {"encoding": "jpeg95", "shrink": 2},
    {"encoding": "jpeg85", "shrink": 2},
)


def estimate(
    clips: Clips,
    specs: Sequence[FlowSpec],
    *,
    sample: int = 20,
    seed: int = 0,
    workers: int = 1,
) -> Estimate:
    """Estimates what preparing clips will cost, within seconds.

    Times are of this machine as busy as it is now. Bytes and errors are the
    same for the same seed, unless a slow algorithm runs out of time and is
    tried on fewer clips.

    Args:
        clips: The clips.
        specs: The kinds of flow, see `alternatives`.
        sample: Number of clips to look at.
        seed: Of which clips, and where in each.
        workers: Number of processes that the work will be spread over.

    Raises:
        ValueError: If an algorithm is unknown or no clip can be used.
        ImportError: If an algorithm is not installed.
    """
    forms = [StoredForm(spec) for spec in specs]
    unreadable = _try(clips, forms, sample, seed)
    if not all(form.weights for form in forms):
        raise ValueError(nothing_read(unreadable))
    whole = extent(clips.paths, seed)
    return Estimate(
        rows=tuple(row_of(form, whole, workers) for form in forms),
        extent=whole,
        workers=workers,
        unreadable=tuple(unreadable),
    )


def alternatives(
    spec: FlowSpec,
    algorithms: Iterable[str] | None = None,
    encodings: Iterable[dict[str, Any]] = ENCODINGS,
) -> list[FlowSpec]:
    """Returns a spec and what could be prepared instead.

    Args:
        spec: What is to be prepared; the first of the result.
        algorithms: Names; by default its own and all that are installed.
        encodings: Fields of `FlowSpec` that say how flow is stored.
    """
    if algorithms is None:
        algorithms = dict.fromkeys([spec.algorithm, *estimators.installed()])
    found = [
        dataclasses.replace(spec, algorithm=algorithm, **fields)
        for algorithm in algorithms
        for fields in encodings
    ]
    return [spec, *(other for other in found if other != spec)]


def fit_bound(
    clips: Clips,
    spec: FlowSpec | None = None,
    *,
    sample: int = 20,
    seed: int = 0,
    fields: int = 8,
    percentile: float = PERCENTILE,
) -> float:
    """Returns the bound that fits the motion of some clips.

    Args:
        clips: The clips.
        spec: Which flow, but for its bound; the default `FlowSpec()`.
        sample: Number of clips to look at.
        seed: Of which clips, and where in each: the same seed gives the same
            bound.
        fields: Number of fields to look at in each.
        percentile: In percent, of |u| and |v|, that it lets through.

    Returns:
        That percentile in pixels of the stored frames, rounded up to a whole
        number, for `FlowSpec.bound`.

    Raises:
        ValueError: If the algorithm is unknown or no clip can be used.
        ImportError: If the algorithm is not installed.
    """
    spec = spec or FlowSpec()
    unreadable: list[Skipped] = []
    frames = frames_for(spec, fields)
    found = excerpts(clips.paths, sample, frames, seed)
    flows = _flows(found, spec, unreadable)
    first = next(flows, None)
    if first is None:
        raise ValueError(nothing_read(unreadable))
    return bound_of(itertools.chain([first], flows), percentile)


def _try(
    clips: Clips, forms: Sequence[StoredForm], sample: int, seed: int
) -> list[Skipped]:
    """Tries all forms on a sample; returns what of it cannot be used."""
    groups: dict[FlowSpec, list[StoredForm]] = {}
    for form in forms:
        groups.setdefault(computed(form.spec), []).append(form)
    trials = [Trial(alike) for alike in groups.values()]
    frames = max(frames_for(form.spec, FIELDS) for form in forms)
    unreadable: dict = {}
    with one_thread():
        for found in excerpts(clips.paths, sample, frames, seed):
            if not isinstance(found, Excerpt):
                unreadable.update([found])
                continue
            for trial in trials:
                try:
                    trial.run(found)
                except VideoError as error:
                    unreadable[error.path] = error.reason
    return [*unreadable.items()]


def _flows(
    found: Iterable[Excerpt | Skipped],
    spec: FlowSpec,
    unreadable: list[Skipped],
) -> Iterator[np.ndarray]:
    """Yields the fields of excerpts; notes what cannot be used."""
    estimate = estimators.get(spec.algorithm)
    for excerpt in found:
        if not isinstance(excerpt, Excerpt):
            unreadable.append(excerpt)
            continue
        try:
            for _, flow in excerpt.flow(spec, estimate):
                if flow is not None:
                    yield flow
        except VideoError as error:
            unreadable.append((error.path, error.reason))
