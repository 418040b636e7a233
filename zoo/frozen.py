"""How the published networks of real clips were trained, above frozen layers.

They have seen every clip and its mirror image, and nothing else, which keeps
their figures reproducible. `keras-twostream finetune` is what came of it: with
augmentation, and maps on disk.
"""

import keras
import numpy as np

from keras_twostream.data.augment import flip
from keras_twostream.models.cutting import split
from keras_twostream.models.network import answer
from keras_twostream.models.subset import keep_streams
from keras_twostream.preparation.summary import progress


def clip_maps(below, dataset, files=None, title="Frozen layers"):
    """Computes maps of clips and of their mirror images.

    Args:
        below: Network from clips to a dict of stream -> map, the first part
            of `training.split`.
        dataset: Unbatched `data.clips_dataset` with labels, not augmented.
        files: Dict of stream -> `.npy` file in which the maps are kept; if
            all are there they are read and nothing is computed.
        title: What the progress bar says.

    Returns:
        Dict of stream -> `float16 (2, clips, ...)`; on disk if there are
        files.
    """
    if not files or not all(path.exists() for path in files.values()):
        maps = {
            stream: np.empty((2, len(dataset), *x.shape[1:]), "float16")
            for stream, x in below.output.items()
        }
        clips = progress(dataset, len(dataset), title, "auto")
        for index, (clip, _) in enumerate(clips):
            for mirrored, sample in enumerate((clip, flip(clip))):
                batch = {stream: x[None] for stream, x in sample.items()}
                for stream, x in below.predict_on_batch(batch).items():
                    maps[stream][mirrored, index] = x[0]
        if not files:
            return maps
        for stream, path in files.items():
            np.save(path, maps[stream])
    return {s: np.load(path, mmap_mode="r") for s, path in files.items()}


class FrozenBelow:
    """A network that learns above a stage, on maps of what is below.

    Args:
        model: Network of `build` with two streams, or one.
        stage: Stage up to which nothing learns, see `training.freeze`.
        maps: Dict of stream -> array `(2, clips, ...)` of `clip_maps`.
        labels: Integer array `(clips,)`.
        compile_with: Function of the number of steps that training on all
            clips takes -> dict of the arguments of `compile`.
        epochs: Passes over the clips.
        batch_size: Samples per step.
    """

    def __init__(
        self, model, stage, *, maps, labels, compile_with, epochs, batch_size
    ):
        # All share their layers: what one has learnt the others know.
        self.heads = {"all": split(model, stage)[1]}
        for stream in model.input if len(model.input) > 1 else ():
            self.heads[stream] = split(keep_streams(model, stream), stage)[1]
        self.maps, self.labels = maps, labels
        self.epochs, self.batch_size = epochs, batch_size
        head = self.heads["all"]
        # Once, since Keras traces anew whatever is compiled anew.
        head.compile(**compile_with(epochs * self._steps(len(labels))))
        head.optimizer.build(head.trainable_variables)
        self._start = [
            (variable, keras.ops.convert_to_numpy(variable))
            for variable in [*head.variables, *head.optimizer.variables]
        ]

    def _steps(self, clips):
        """Returns the steps of an epoch, mirror images included."""
        return -(-2 * clips // self.batch_size)

    def fit(self, clips, seed):
        """Trains on some of the clips, from the same start every time.

        Args:
            clips: Integer array, which clips; their mirror images are
                samples too.
            seed: Of the order of the samples and the dropout.
        """
        for variable, value in self._start:
            variable.assign(value)
        keras.utils.set_random_seed(seed)
        head = self.heads["all"]
        samples = {
            stream: np.concatenate(self.maps[stream][:, clips])
            for stream in head.input
        }
        head.fit(
            samples,
            np.tile(self.labels[clips], 2),
            batch_size=self.batch_size,
            epochs=self.epochs,
            verbose=0,
        )

    def scores(self, clips, streams="all", maps=None):
        """Returns `(clips, classes)`, averaged with the mirror images'.

        Args:
            clips: Integer array, which clips.
            streams: `"all"`, or the one that the network gets.
            maps: Maps of the same clips made otherwise, instead of its own.
        """
        head = self.heads[streams]
        maps = maps or self.maps
        rows = []
        for start in range(0, len(clips), self.batch_size):
            batch = clips[start : start + self.batch_size]
            halves = [
                answer(head({s: maps[s][side, batch] for s in head.input}))
                for side in (0, 1)
            ]
            rows.append(keras.ops.convert_to_numpy(sum(halves)) / 2)
        return np.concatenate(rows)

    def cross_validate(self, groups, seed=0, others=None, after=None):
        """Answers for every clip after learning from the other groups.

        Args:
            groups: Array `(clips,)`, the group of each.
            seed: As for `fit`.
            others: Dict of name -> maps to answer from too, as for `scores`.
            after: Function of (group, number right, clips) to call after each
                group.

        Returns:
            Dict of `"all"`, of each stream alone, and of each name of
            `others` -> bool array `(clips,)`, which answers are right.
        """
        asked = {name: (name, None) for name in self.heads}
        asked |= {name: ("all", maps) for name, maps in (others or {}).items()}
        right = {name: np.zeros(len(groups), bool) for name in asked}
        for group in np.unique(groups):
            out = np.flatnonzero(groups == group)
            self.fit(np.flatnonzero(groups != group), seed)
            for name, (streams, maps) in asked.items():
                best = self.scores(out, streams, maps).argmax(-1)
                right[name][out] = best == self.labels[out]
            if after:
                after(group, int(right["all"][out].sum()), len(out))
        return right
