"""Uses a trained network: predictions for clips, accuracy on a folder."""

import os
import tempfile
import warnings

import keras
import numpy as np

from keras_twostream.data import (
    Clips,
    CropSpec,
    clips_dataset,
    video_dataset_from_directory,
)
from keras_twostream.data.choosing import prepared_in, splits_of
from keras_twostream.flow.contract import FlowMismatchWarning
from keras_twostream.models.feeding import check_flow
from keras_twostream.models.network import answer
from keras_twostream.models.record import read_record
from keras_twostream.models.subset import keep_streams
from keras_twostream.training.recipe import VIEWS
from keras_twostream.zoo.loading import load


def load_run(run):
    """Loads a trained network and what it remembers of its use.

    Args:
        run: Run folder, `.keras` file, or whatever else `zoo.load` takes,
            such as the name of pretrained weights.

    Returns:
        The `keras.Model` and its `models.record.Record`.

    Raises:
        FileNotFoundError: If there is no such run.
        ValueError: If the file is not a network that `build` made.
    """
    model = load(run)
    return model, read_record(model)


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
    model, record = _loaded(run)
    flow = flow or record.flow
    check_flow(model, flow)
    with tempfile.TemporaryDirectory() as cache, _told_before():
        dataset = clips_dataset(
            Clips(tuple(paths)),
            label_mode=None,
            cache_dir=cache,
            verbose=False,
            **_sampling(record, flow),
            views=views,
        )
        if dataset.skipped:
            reasons = "; ".join(f"{p}: {why}" for p, why in dataset.skipped)
            raise ValueError(f"Some clips cannot be read: {reasons}")
        scores = scores_of(model, dataset, views, verbose=0)
    names = record.class_names or [str(i) for i in range(scores.shape[-1])]
    answers = [_ranked(row, names, top) for row in scores]
    return answers[0] if single else answers


def evaluate(
    directory,
    run,
    *,
    views=VIEWS,
    view_places="center",
    view_flips=False,
    flow=None,
    cache_dir=None,
    workers=None,
    verbose="auto",
):
    """Measures a trained network on a folder of clips.

    Args:
        directory: Folder with one sub-folder per class, named as the model's
            classes are, or a prepared set; of one with splits the clips
            for "test".
        run: As for `load_run`, or a model of `build`.
        views: Integer, moments of a clip whose scores are averaged.
        view_places: Which crops of each are too, see `data.SampleSpec`.
        view_flips: Whether their mirror images are too.
        flow: `FlowSpec` to compute the flow by, if not by the model's own.
        cache_dir: Where prepared clips are kept, see `data.cache_clips`.
        workers: Processes that prepare clips.
        verbose: Whether to show progress and what was found.

    Returns:
        Dict of `"accuracy"`, `"streams"` (stream -> accuracy of the same
        network when it gets that one alone, see `keep_streams`; empty for
        networks of one stream), `"clips"`, `"views"`, `"skipped"` and
        `"classes"`, a list of dicts of `"label"`, `"clips"`, `"accuracy"`.

    Raises:
        ValueError: If the folders and the model's classes differ.
        FlowMismatchError: If the model cannot make sense of that flow, or
            the prepared set has other flow than `flow`.
    """
    model, record = _loaded(run)
    prepared = prepared_in(directory)
    flow = flow or (prepared.flow if prepared else record.flow)
    check_flow(model, flow)
    dataset = video_dataset_from_directory(
        directory,
        class_names=record.class_names,
        split="test" if "test" in splits_of(directory) else None,
        shuffle=False,
        cache_dir=cache_dir,
        workers=workers,
        verbose=verbose,
        **_sampling(record, flow),
        views=views,
        view_places=view_places,
        view_flips=view_flips,
    )
    labels = np.array(dataset.labels)

    def right_of(network):
        with _told_before():
            samples = dataset.sample_spec.samples
            scores = scores_of(network, dataset, samples, verbose or 0)
        return scores.argmax(-1) == labels

    right = right_of(model)
    streams = record.streams if len(record.streams) > 1 else ()
    alone = {s: right_of(keep_streams(model, s)).mean() for s in streams}
    return {
        "accuracy": float(right.mean()),
        "streams": {stream: float(share) for stream, share in alone.items()},
        "clips": len(right),
        "views": views,
        "skipped": dataset.skipped,
        "classes": [
            _of_class(name, right[labels == index])
            for index, name in enumerate(dataset.class_names)
        ],
    }


def _of_class(name, right):
    """Returns the facts of one class, of which clips may be missing."""
    accuracy = float(right.mean()) if len(right) else None
    return {"label": name, "clips": len(right), "accuracy": accuracy}


def scores_of(model, dataset, views=1, verbose="auto"):
    """Returns the class scores of every clip, averaged over its views.

    Args:
        model: Network of `build`.
        dataset: Dataset of `data.clips_dataset` with `views` samples a clip.
        views: Integer, samples per clip.
        verbose: As for `keras.Model.predict`.

    Returns:
        Array `(clips, classes)`.
    """
    scores = answer(model.predict(dataset, verbose=verbose))
    return scores.reshape(-1, views, scores.shape[-1]).mean(axis=1)


def _loaded(run):
    if isinstance(run, keras.Model):
        return run, read_record(run)
    return load_run(run)


def _told_before():
    """Silences what has been said of the flow, once for all networks."""
    return warnings.catch_warnings(
        action="ignore", category=FlowMismatchWarning
    )


def _sampling(record, flow):
    """Returns the arguments with which a dataset feeds the network."""
    sampling = {
        "flow": flow,
        "image_size": record.image_size,
        "frames": record.frames,
        "streams": record.streams,
    }
    told = record.sampling
    if crop := told.get("crop"):
        sampling["crop"] = CropSpec(**crop)
    sampling |= {x: told[x] for x in ("sampling", "tau", "short") if x in told}
    if record.flow_frames:
        sampling["flow_frames"] = record.flow_frames
    return sampling


def _ranked(scores, names, top):
    best = np.argsort(-scores)[: min(top, len(names))]
    return [{"label": names[i], "score": float(scores[i])} for i in best]
