"""Cross-validation: every clip is answered for by a network without its group.

With few clips one split is a lottery, and clips of one recording are no
evidence for one another. What frozen layers make of clips is computed once
for all folds.
"""

import dataclasses
import warnings
from collections.abc import Sequence

import keras
import numpy as np
from sklearn.model_selection import StratifiedGroupKFold

from keras_twostream.backbones.base import STREAMS
from keras_twostream.evaluation.averaging import as_probabilities, averaged
from keras_twostream.evaluation.looks import clip_name
from keras_twostream.evaluation.networks import made_by
from keras_twostream.evaluation.protocols import get_protocol
from keras_twostream.evaluation.result import Result
from keras_twostream.models.network import answer
from keras_twostream.preparation.summary import progress
from keras_twostream.remote.address import as_path
from keras_twostream.training.fitting import TRAINING

TEST = "test"
# Of predictions on maps.
_BATCH = 64


def folds_of(labels, groups, folds=10, seed=0):
    """Returns in which fold each clip is held back.

    Args:
        labels: Integer array `(clips,)`.
        groups: Name of each clip's group, or `None`. Groups stay whole; up to
            `folds` groups are a fold each.
        folds: Integer, number of folds.
        seed: Of the draw, where groups share folds.

    Returns:
        Integer array `(clips,)`.

    Raises:
        ValueError: If there are fewer than two groups or folds.
    """
    names = groups or range(len(labels))
    numbers = np.unique(names, return_inverse=True)[1]
    count = numbers.max() + 1
    if min(count, folds) < 2:
        raise ValueError(
            "Cross-validation needs two groups of clips or more, and two "
            f"folds. Received: {count} groups, folds={folds}"
        )
    if count <= folds:
        return numbers
    # More folds than clips of any class would leave each to chance.
    folds = min(folds, int(np.bincount(labels).max()))
    if folds < 2:
        raise ValueError(
            "Cross-validation needs a class of two clips or more. Received: "
            "one clip of each class"
        )
    found = np.zeros(len(labels), int)
    splitter = StratifiedGroupKFold(folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A class of fewer clips than folds is missing from some.
        warnings.simplefilter("ignore", UserWarning)
        parts = splitter.split(labels, labels, numbers)
        for fold, (_, held_back) in enumerate(parts):
            found[held_back] = fold
    return found


class Crossing:
    """Training and answering by folds, above frozen layers.

    Args:
        stage: `Stage` of all clips with `draws`, nothing of it held back.
        protocol: Name of a protocol or `Protocol` of the answers.
        beside: `Crossing` of another network for the same samples; its maps
            are taken if it has all that are needed here.

    Raises:
        ValueError: If the stage has no frozen layers to compute once.
    """

    def __init__(self, stage, protocol="default", beside=None):
        if stage.below is None:
            raise ValueError(
                "Folds share what frozen layers make of the clips: the recipe "
                f"needs `freeze` and `draws`. Received: {stage.recipe}"
            )
        self.stage = stage
        self.protocol = get_protocol(protocol)
        self.names = [*stage.below.output]
        if beside is not None and beside.has(stage, self.protocol):
            self.learnt, self.asked = beside.learnt, beside.asked
        else:
            clips = stage.parts[0]
            self.learnt = stage.features(clips, TRAINING)
            self.asked = stage.features(
                clips,
                TEST,
                views=self.protocol.views,
                view_places=self.protocol.places,
                view_flips=self.protocol.flips,
            )
        # Once, since Keras traces anew whatever is compiled anew.
        stage.compile(stage.training.feed.steps.per_epoch)
        learner = stage.learner
        self._start = [
            (v, keras.ops.convert_to_numpy(v))
            for v in [*learner.variables, *learner.optimizer.variables]
        ]

    def has(self, stage, protocol) -> bool:
        """Returns whether the maps are also those of another stage."""
        ours, theirs = self.stage.below, stage.below
        if protocol != self.protocol or not {*theirs.output} <= {*ours.output}:
            return False
        weights = {layer.name: layer.get_weights() for layer in ours.layers}
        return _samples(stage) == _samples(self.stage) and all(
            len(found := weights.get(layer.name, ())) == len(layer.weights)
            and all(map(np.array_equal, found, layer.get_weights()))
            for layer in theirs.layers
        )

    def fit(self, numbers=None, seed=0):
        """Trains on some of the clips, from the same start every time.

        Args:
            numbers: Integer array, which clips; `None` for all.
            seed: Of the order of the clips.
        """
        for variable, value in self._start:
            variable.assign(value)
        source = self.stage.training
        if numbers is None:
            numbers = np.arange(len(source.file_paths))
        steps = dataclasses.replace(
            source.feed.steps, clips=len(numbers), seed=seed
        )
        chosen = self.learnt.batches(source, steps, numbers, self.names)
        labels = np.asarray(source.labels)[numbers]
        self.stage.learner.fit(
            chosen,
            epochs=self.stage.recipe.epochs,
            class_weight=self.stage.class_weights(labels),
            shuffle=False,
            verbose=0,
        )

    def scores(self, numbers) -> np.ndarray:
        """Returns `(clips, classes)`, what the network answers for clips."""
        views = self.asked.source.sample_spec.samples
        rows = [
            clip * views + view for clip in numbers for view in range(views)
        ]
        found = []
        for start in range(0, len(rows), _BATCH):
            maps = self.asked[0, rows[start : start + _BATCH]]
            chosen = {name: maps[name] for name in self.names}
            scores = answer(self.stage.learner.predict_on_batch(chosen))
            found.append(as_probabilities(scores))
        scores = np.concatenate(found)
        by_clip = scores.reshape(len(numbers), views, -1)
        return averaged(by_clip, self.protocol.average)

    def validate(
        self, folds: Sequence[int], directory="", verbose="auto", told=None
    ) -> Result:
        """Answers for every clip after learning from the other folds.

        Args:
            folds: Integer array `(clips,)`, of `folds_of`.
            directory: Folder of the clips, of which they are called.
            verbose: Whether to show progress.
            told: What the folds are, for the protocol, such as "10 groups".

        Returns:
            A `Result`.
        """
        source = self.stage.training
        folds = np.asarray(folds)
        scores = np.empty((len(folds), len(source.class_names)), np.float32)
        every = [int(fold) for fold in np.unique(folds)]
        for fold in progress(every, len(every), "Folds", verbose):
            self.fit(np.flatnonzero(folds != fold), self.stage.recipe.seed)
            out = np.flatnonzero(folds == fold)
            scores[out] = self.scores(out)
        made = made_by(self.stage.model) | {
            "weights": None,
            "data": as_path(directory).name,
            "flow": source.flow_spec.to_dict(),
            "sample": self.asked.source.sample_spec.to_dict(),
            "recipe": self.stage.recipe.to_dict(),
            "seed": self.stage.recipe.seed,
        }
        return Result(
            clips=tuple(clip_name(x, directory) for x in source.file_paths),
            labels=np.asarray(source.labels),
            scores=scores,
            class_names=tuple(source.class_names),
            protocol=dataclasses.replace(
                self.protocol, folds=told or f"{len(every)} folds"
            ),
            groups=source.groups,
            skipped=tuple(
                (clip_name(x, directory), why) for x, why in source.skipped
            ),
            made=made,
        )


def _samples(stage):
    """Returns what tells apart the samples of stages, without streams."""
    source, recipe = stage.training, stage.recipe
    spec = dataclasses.replace(source.sample_spec, streams=STREAMS)
    return spec, recipe.draws, recipe.seed, source.identities
