"""Trains the networks of a search on maps that are computed once for all."""

import contextlib
import dataclasses
import gc
import logging
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from keras_twostream.backbones.base import STREAMS
from keras_twostream.evaluation.answers import clip_name
from keras_twostream.evaluation.looks import Looks
from keras_twostream.evaluation.protocols import Protocol
from keras_twostream.search.answers import Answers, key_of
from keras_twostream.search.plan import Net, Plan
from keras_twostream.training.clips import listed
from keras_twostream.training.crossing import TEST, Crossing
from keras_twostream.training.fitting import TRAINING, Stage
from keras_twostream.training.maps import JoinedMaps
from keras_twostream.training.networks import save_model, shared_cut
from keras_twostream.training.options import Options
from keras_twostream.training.recipe import Recipe
from keras_twostream.weights.digest import weights_digest
from keras_twostream.weights.source import RUN_MODEL


class Judge:
    """Asks networks for clips that they did not learn from.

    Maps of frozen towers depend on where they end and on how clips are
    sampled, not on what is fused how: most combinations share them, and what
    learns on top of them learns in seconds. All see the same clips in the
    same order.

    Args:
        directory: Folder of the clips, or a prepared set.
        clips: The clips of it, or dict of `FlowSpec` -> the same clips with
            this flow.
        dataset: Dataset of them, which says which can be used.
        plan: `Plan`.
        answers: `Answers`.
        recipe: `Recipe` that says whether mirror images are looked at.
        options: `Options`.
    """

    def __init__(
        self,
        directory: Any,
        clips: Any,
        dataset: Any,
        plan: Plan,
        answers: Answers,
        recipe: Recipe,
        options: Options,
    ):
        self.directory, self.plan = directory, plan
        self.answers, self.options = answers, options
        every = clips if isinstance(clips, dict) else {None: clips}
        self._clips = {x: _usable(y, dataset) for x, y in every.items()}
        self.class_names = tuple(dataset.class_names)
        self.names = [clip_name(x, directory) for x in dataset.file_paths]
        self.labels = np.asarray(dataset.labels, int)
        self.groups = dataset.groups
        self.protocol = Protocol(views=1, flips=recipe.crop.flip)
        self._maps: dict[tuple, Any] = {}

    def ask(self, recipe: Recipe, nets: Sequence[Net], seed: int) -> None:
        """Trains those networks whose answers are not known yet.

        Args:
            recipe: `Recipe` of the combination.
            nets: Networks of the plan.
            seed: Of the initial weights and of the order of the clips.

        Raises:
            ValueError: If there can be no such network.
        """
        key = key_of(recipe)
        known = self.answers.of(key, seed)
        missing = [net for net in nets if net.name not in known]
        if not missing:
            return
        keras.backend.clear_session()
        gc.collect()
        answer = self._whole if recipe.stages else self._on_maps
        before = time.monotonic()
        with _many_networks():
            for net, scores in answer(recipe, missing, seed):
                seconds = time.monotonic() - before
                before += seconds
                self.answers.add(key, seed, seconds, **{net.name: scores})

    def accuracy(self, recipe: Recipe, seed: int) -> float:
        """Returns the share of right answers of a combination, so far."""
        found = self.answers.of(key_of(recipe), seed)
        right = [
            scores.argmax(-1) == self.labels[net.answers]
            for net in (*self.plan.inner, *self.plan.outer)
            if (scores := found.get(net.name)) is not None
        ]
        return float(np.concatenate(right).mean())

    def _on_maps(self, recipe, nets, seed):
        """Yields networks with their answers, trained on maps."""
        crossing = self.crossing(recipe, seed)
        for net in nets:
            crossing.fit(net.learns, seed)
            yield net, crossing.scores(net.answers)

    def crossing(self, recipe: Recipe, seed: int = 0) -> Crossing:
        """Returns a network above maps.

        Args:
            recipe: `Recipe` of the combination.
            seed: Of the initial weights.
        """
        clips = self._clips_of(recipe)
        stage: Any = Stage(
            (clips, None),
            recipe,
            self.answers.folder,
            self.class_names,
            {},
            self.options,
            at=shared_cut(recipe),
            quiet=True,
            seed=seed,
        )
        parts = [self._shared(stage, name) for name in stage.below.output]
        below = tuple(map(JoinedMaps, zip(*parts, strict=True)))
        return Crossing(stage, self.protocol, below)

    def _shared(self, stage, name):
        """Returns the maps of one place, to learn and to answer from."""
        stream = name.partition("_")[0]
        streams = (stream,) if stream in stage.below.input else STREAMS
        inputs = {s: stage.below.input[s] for s in streams}
        below = keras.Model(inputs, {name: stage.below.output[name]})
        told = dataclasses.replace(
            stage.training.sample_spec, streams=streams
        ).to_dict()
        known = name, str(told), stage.recipe.draws, weights_digest(below)
        if known not in self._maps:
            of = {"streams": streams, "below": below}
            shown = self.protocol.shown()
            self._maps[known] = (
                stage.features(stage.parts[0], TRAINING, **of),
                stage.features(stage.parts[0], TEST, **of, **shown),
            )
        return self._maps[known]

    def _clips_of(self, recipe):
        if recipe.flow in self._clips:
            return self._clips[recipe.flow]
        return next(iter(self._clips.values()))

    def _whole(self, recipe, nets, seed):
        """Yields networks with their answers, trained from end to end."""
        clips = self._clips_of(recipe)
        for net in nets:
            folder = Path(tempfile.mkdtemp(dir=self.answers.folder))
            try:
                chosen = clips.take([int(i) for i in net.learns])
                model = self._trained(recipe, chosen, folder, seed)
                looks = Looks(
                    self.directory,
                    model,
                    protocol=self.protocol,
                    only=[self.names[i] for i in net.answers],
                    cache_dir=self.options.cache_dir,
                    workers=self.options.workers,
                    verbose=False,
                )
                result = looks.ask(model)
                place = {clip: i for i, clip in enumerate(result.clips)}
                order = [place[self.names[i]] for i in net.answers]
                yield net, result.scores[order]
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    def _trained(self, recipe, clips, folder, seed):
        earlier: dict[str, Path] = {}
        quiet = dataclasses.replace(self.options, verbose=0)
        for name, step in recipe.steps().items():
            stage = Stage(
                *((clips, None), step, folder / name, self.class_names),
                *(earlier, quiet),
                quiet=True,
                seed=seed,
            )
            model = stage.train()
            earlier[name] = folder / f"{name}.{RUN_MODEL}"
            save_model(stage.for_use(), earlier[name])
        return model


@contextlib.contextmanager
def _many_networks():
    """Keeps TensorFlow from warning of one network after another."""
    told = logging.getLogger("tensorflow")
    before = told.level
    told.setLevel(logging.ERROR)
    try:
        yield
    finally:
        told.setLevel(before)


def _usable(clips, dataset):
    """Returns those of the clips that a dataset of them has."""
    number = {str(path): i for i, path in enumerate(listed(clips).paths)}
    return clips.take([number[path] for path in dataset.file_paths])
