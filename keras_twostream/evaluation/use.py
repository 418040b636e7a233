"""Networks answer for clips: predictions of some, results of many."""

import dataclasses
import os
import tempfile

import numpy as np

from keras_twostream.data import Clips, clips_dataset
from keras_twostream.evaluation.looks import Looks, flow_for, scores_of
from keras_twostream.evaluation.networks import (
    loaded,
    sampling_of,
    told_before,
)
from keras_twostream.evaluation.protocols import ALL, VIEWS
from keras_twostream.models.feeding import check_flow
from keras_twostream.models.subset import keep_streams


def predict(clips, run, *, top=5, views=VIEWS, flow=None):
    """Returns the most likely classes of video files.

    Args:
        clips: A path or a list of paths.
        run: As for `load_run`, or a model of `build`.
        top: Integer, how many classes to name.
        views: Integer, samples per clip whose scores are averaged.
        flow: `FlowSpec` to compute the flow by, if not by the model's own.

    Returns:
        `[{"label": name, "score": float}, ...]`, the best first; for a list
        of clips a list of these.

    Raises:
        ValueError: If a clip cannot be read; the message says why.
        FlowMismatchError: If the model cannot make sense of that flow.
    """
    single = isinstance(clips, (str, os.PathLike))
    paths = [clips] if single else [*clips]
    model, record = loaded(run)
    flow = flow or record.flow
    check_flow(model, flow)
    with tempfile.TemporaryDirectory() as cache, told_before():
        dataset = clips_dataset(
            Clips(tuple(paths)),
            label_mode=None,
            cache_dir=cache,
            verbose=False,
            **sampling_of(record, flow),
            views=views,
        )
        if dataset.skipped:
            reasons = "; ".join(f"{p}: {why}" for p, why in dataset.skipped)
            raise ValueError(f"Some clips cannot be read: {reasons}")
        scores = scores_of(model, dataset, verbose=0)
    names = record.class_names or [str(i) for i in range(scores.shape[-1])]
    answers = [_ranked(row, names, top) for row in scores]
    return answers[0] if single else answers


def evaluate(directory, run, *, streams=False, **options):
    """Measures a trained network on a folder of clips.

    Args:
        directory: Folder with one sub-folder per class, named as the model's
            classes are, or a prepared set; of one with splits the clips
            for "test".
        run: As for `load_run`, or a model of `build`.
        streams: Whether to ask too what the same network answers when it
            gets one stream alone, see `keep_streams`.
        **options: As for `Looks`: `protocol`, `split`, `flow`, `cache_dir`,
            `workers`, `batch_size` and `verbose`.

    Returns:
        A `Result`; with `streams` a dict of `"all"` and, for a network of
        two streams, the name of each -> `Result`.

    Raises:
        ValueError: If the folders and the model's classes differ.
        FlowMismatchError: If the model cannot make sense of that flow, or
            the prepared set has other flow than `flow`.
    """
    model, record = loaded(run)
    check_flow(model, flow_for(directory, record, options.get("flow")))
    looks = Looks(directory, model, **options)
    networks = {ALL: model}
    if streams and len(record.streams) > 1:
        networks |= {s: keep_streams(model, s) for s in record.streams}
    results = {name: looks.ask(net) for name, net in networks.items()}
    for name, result in results.items():
        if name != ALL:
            made = {**result.made, "streams": [name]}
            results[name] = dataclasses.replace(result, made=made)
    return results if streams else results[ALL]


def _ranked(scores, names, top):
    best = np.argsort(-scores)[: min(top, len(names))]
    return [{"label": names[i], "score": float(scores[i])} for i in best]
