"""Views of clips, and what networks answer to them."""

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np

from keras_twostream.data import CropSpec, clips_dataset
from keras_twostream.data.choosing import (
    chosen_clips,
    prepared_in,
    splits_of,
)
from keras_twostream.evaluation.answers import clip_name, result_of
from keras_twostream.evaluation.averaging import as_probabilities, averaged
from keras_twostream.evaluation.networks import (
    made_by,
    sampling_of,
    told_before,
)
from keras_twostream.evaluation.protocols import get_protocol
from keras_twostream.evaluation.result import Result
from keras_twostream.models.feeding import check_flow
from keras_twostream.models.network import answer
from keras_twostream.models.record import read_record
from keras_twostream.models.sliding import slide
from keras_twostream.remote.address import as_path


class Looks:
    """Views of clips, by which networks can be asked.

    Args:
        directory: As for `evaluate`.
        model: Network of `build` that says how its clips are sampled.
        protocol: Name of a protocol or `Protocol`.
        split: Which clips of a prepared set to take; by default those for
            "test" if there are, else all.
        only: The clips to take of these, by path or as a `Result` calls
            them, if not all.
        flow: `FlowSpec` to compute the flow by, if not by the model's own.
        cache_dir: Where prepared clips are kept, see `data.cache_clips`.
        workers: Processes that prepare clips.
        batch_size: Samples at a time.
        verbose: Whether to show progress and what was found.

    Attributes:
        dataset: The views, as of `data.clips_dataset`.
        protocol: The `Protocol`.

    Raises:
        ValueError: If the folders and the model's classes differ.
        FlowMismatchError: If the model cannot make sense of that flow.
    """

    def __init__(
        self,
        directory,
        model,
        *,
        protocol="default",
        split=None,
        only=None,
        flow=None,
        cache_dir=None,
        workers=None,
        batch_size=32,
        verbose="auto",
    ):
        record = read_record(model)
        self.protocol = get_protocol(protocol)
        flow = flow_for(directory, record, flow)
        with told_before():
            check_flow(model, flow)
        if split is None and only is None and "test" in splits_of(directory):
            split = "test"
        listed = chosen_clips(
            directory, class_names=record.class_names, split=split
        )
        if only is not None:
            listed = _taken(listed, {*map(str, only)}, directory)
        self.verbose = verbose
        self.directory, self.part = as_path(directory), split
        settings = {
            "batch_size": batch_size,
            "cache_dir": cache_dir,
            "workers": workers,
            "verbose": verbose,
            "subset": split,
            **sampling_of(record, flow),
            **self.protocol.shown(),
        }
        self.dataset = clips_dataset(listed, **settings)
        if self.protocol.whole_frame:
            settings |= _whole_frame(self.dataset, settings) | {
                "verbose": False
            }
            self.dataset = clips_dataset(listed, **settings)
        self.groups = self.dataset.groups

    def views(self, model, verbose=None) -> np.ndarray:
        """Returns `(clips, views, classes)`, the scores of every view.

        Args:
            model: Network of `build`, with the sampling of the first one.
            verbose: As for `keras.Model.predict`.
        """
        verbose = self.verbose if verbose is None else verbose
        if self.protocol.whole_frame:
            model = slide(model, self.dataset.sample_spec.image_size)
        with told_before():
            return view_scores(model, self.dataset, verbose or 0)

    def ask(self, model, made: Mapping[str, Any] | None = None) -> Result:
        """Returns what a network answers.

        Args:
            model: Network of `build`, with the sampling of the first one.
            made: What else the `Result` is to say of itself.
        """
        scores = averaged(self.views(model), self.protocol.average)
        return self.result(scores, {**made_by(model), **(made or {})})

    def result(self, scores, made: Mapping[str, Any]) -> Result:
        """Returns the `Result` of scores of these clips.

        Args:
            scores: `(clips, classes)`, probabilities.
            made: What it is to say of itself.
        """
        told = {"part": self.part} | dict(made)
        return result_of(
            scores, self.dataset, self.directory, self.protocol, told
        )


def flow_for(directory, record, flow=None):
    """Returns the flow by which clips are looked at.

    Args:
        directory: Folder of clips, or a prepared set, which has its own.
        record: The network's `models.record.Record`, which has one for others.
        flow: `FlowSpec`, if it was said.
    """
    prepared = prepared_in(directory)
    return flow or (prepared.flow if prepared else record.flow)


def _taken(listed, only, directory):
    """Returns some of the clips of a list or of a prepared set."""
    paths = getattr(listed, "clips", listed).paths
    kept = [
        i
        for i, path in enumerate(paths)
        if only & {str(path), clip_name(path, directory)}
    ]
    if not kept:
        raise ValueError(
            f"None of the {len(only)} clips that are asked for, such as "
            f"{min(only, default='none')!r}, is among the {len(paths)} there"
        )
    return listed.take(kept)


def _whole_frame(dataset, settings) -> dict[str, Any]:
    """Returns the settings by which whole frames of clips are sampled.

    All are brought to one size, in which the frames have the scale that the
    network was trained for: the median shape of the clips.
    """
    crop = settings.get("crop", CropSpec())
    size = settings["image_size"]
    short = round(min(size) / crop.center)
    ratios = [height / width for height, width in dataset.frame_sizes]
    ratio = float(np.median(ratios))
    whole = (short * max(ratio, 1), short * max(1 / ratio, 1))
    crop = dataclasses.replace(
        crop, keep_aspect=False, center=1.0, region="frame"
    )
    pairs = zip(whole, size, strict=True)
    return {
        "crop": crop,
        "image_size": tuple(max(round(x), y) for x, y in pairs),
    }


def view_scores(model, dataset, verbose="auto") -> np.ndarray:
    """Returns `(clips, views, classes)`, probabilities for every view.

    Args:
        model: Network of `build`.
        dataset: Dataset of `data.clips_dataset`.
        verbose: As for `keras.Model.predict`.
    """
    scores = answer(model.predict(dataset, verbose=verbose))
    views = dataset.sample_spec.samples
    return as_probabilities(scores).reshape(-1, views, scores.shape[-1])


def scores_of(model, dataset, verbose="auto") -> np.ndarray:
    """Returns `(clips, classes)`, averaged over the views of every clip.

    Args:
        model: Network of `build`.
        dataset: Dataset of `data.clips_dataset`.
        verbose: As for `keras.Model.predict`.
    """
    return averaged(view_scores(model, dataset, verbose), "probabilities")
