"""Cross-validation: every clip is answered for by a network without its group.

With few clips one split is a lottery, and clips of one recording are no
evidence for one another. What frozen layers make of clips is computed once
for all folds.
"""

import dataclasses
from collections.abc import Sequence

import keras
import numpy as np

from keras_twostream.backbones.base import STREAMS
from keras_twostream.evaluation.answers import result_of
from keras_twostream.evaluation.averaging import as_probabilities, averaged
from keras_twostream.evaluation.networks import made_by
from keras_twostream.evaluation.probes import INTACT
from keras_twostream.evaluation.protocols import get_protocol
from keras_twostream.evaluation.result import Result
from keras_twostream.models.network import answer
from keras_twostream.preparation.summary import progress
from keras_twostream.training.fitting import TRAINING

TEST = "test"
# Of predictions on maps.
_BATCH = 64


class Crossing:
    """Training and answering by folds, above frozen layers.

    Args:
        stage: `Stage` of all clips with `draws`, nothing of it held back.
        protocol: Name of a protocol or `Protocol` of the answers.
        below: `Maps` to learn from and to answer from, as the attribute of
            another `Crossing`, if they are there already.

    Attributes:
        below: Pair of `Maps`, what the frozen layers make of the samples to
            learn from and to answer from.

    Raises:
        ValueError: If the stage has no frozen layers to compute once.
    """

    def __init__(self, stage, protocol="default", below=None):
        if stage.below is None:
            raise ValueError(
                "Folds share what frozen layers make of the clips: the recipe "
                f"needs `freeze` and `draws`. Received: {stage.recipe}"
            )
        self.stage = stage
        self.protocol = get_protocol(protocol)
        self.names = [*stage.learner.input]
        self.below = below or (
            stage.features(stage.parts[0], TRAINING),
            self._asked_below(),
        )
        self.learnt, self.asked = map(stage.learnt_from, self.below)
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
        batches = self.learnt.batches(
            source, steps, numbers, self.names, repeat=True
        )
        labels = np.asarray(source.labels)[numbers]
        self.stage.learner.fit(
            batches,
            # One long epoch: where they begin a small network waits longest.
            steps_per_epoch=self.stage.recipe.epochs * steps.per_epoch,
            class_weight=self.stage.class_weights(labels),
            shuffle=False,
            verbose=0,
        )

    def scores(self, numbers, maps=None, other=None) -> np.ndarray:
        """Returns `(clips, classes)`, what the network answers for clips.

        Args:
            numbers: Integer array, which clips.
            maps: `Maps` of them to answer from, if not their own.
            other: A stream whose maps are to be those of another clip, half
                of all clips away.
        """
        maps = maps or self.asked
        views = maps.source.sample_spec.samples
        clips = maps.rows // views
        found = []
        size = max(_BATCH // views, 1)
        for start in range(0, len(numbers), size):
            mine = np.asarray(numbers[start : start + size])
            chosen = self._rows(maps, mine)
            if other:
                theirs = self._rows(maps, (mine + clips // 2) % clips)
                chosen |= {
                    name: x
                    for name, x in theirs.items()
                    if name.startswith(f"{other}_")
                }
            scores = answer(self.stage.learner.predict_on_batch(chosen))
            found.append(as_probabilities(scores))
        scores = np.concatenate(found)
        by_clip = scores.reshape(len(numbers), views, -1)
        return averaged(by_clip, self.protocol.average)

    def _rows(self, maps, clips):
        """Returns the maps of all views of clips."""
        views = maps.source.sample_spec.samples
        rows = [clip * views + view for clip in clips for view in range(views)]
        found = maps[0, rows]
        return {name: found[name] for name in self.names}

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
        scores = self.crossed(folds, {INTACT: {}}, verbose)[INTACT]
        return self.result(scores, folds, directory, told)

    def asked_maps(self, **options):
        """Returns `Maps` of the views that are answered from.

        Args:
            **options: As for `Stage.features`.
        """
        return self.stage.learnt_from(self._asked_below(**options))

    def _asked_below(self, **options):
        options |= self.protocol.shown()
        return self.stage.features(self.stage.parts[0], TEST, **options)

    def crossed(self, folds, asked, verbose="auto", seen=None):
        """Returns what is answered without each fold.

        Args:
            folds: Integer array `(clips,)`, of `folds_of`.
            asked: Dict of name -> arguments of `scores`.
            verbose: Whether to show progress.
            seen: Function that is called with the numbers of a fold's clips
                while the network is what it learnt from the others.

        Returns:
            Dict of name -> `(clips, classes)`.
        """
        folds = np.asarray(folds)
        shape = len(folds), len(self.stage.training.class_names)
        found = {name: np.empty(shape, np.float32) for name in asked}
        every = [int(fold) for fold in np.unique(folds)]
        for fold in progress(every, len(every), "Folds", verbose):
            self.fit(np.flatnonzero(folds != fold), self.stage.recipe.seed)
            out = np.flatnonzero(folds == fold)
            for name, options in asked.items():
                found[name][out] = self.scores(out, **options)
            if seen is not None:
                seen(out)
        return found

    def result(self, scores, folds, directory="", told=None, **made):
        """Returns scores as a `Result`.

        Args:
            scores: `(clips, classes)`.
            folds: As for `validate`.
            directory: As for `validate`.
            told: As for `validate`.
            **made: What else the result is to say of itself.
        """
        told = told or f"{len({*folds})} folds"
        recipe = self.stage.recipe
        return result_of(
            scores,
            self.asked.source,
            directory,
            dataclasses.replace(self.protocol, folds=told),
            made_by(self.stage.model)
            | {
                "weights": None,
                "recipe": recipe.to_dict(),
                "seed": recipe.seed,
            }
            | made,
        )


def _samples(stage):
    """Returns what tells apart the samples of stages, without streams."""
    source, recipe = stage.training, stage.recipe
    spec = dataclasses.replace(source.sample_spec, streams=STREAMS)
    return spec, recipe.draws, recipe.seed, source.identities
