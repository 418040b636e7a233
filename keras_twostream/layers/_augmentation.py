"""What all augmentation layers share."""

import keras

from keras_twostream.layers._foreign import (
    Chance,
    as_float,
    in_foreign_graph,
)

STREAMS = ("rgb", "flow")


class TwoStreamAugmentation(keras.layers.Layer):
    """Changes RGB frames and their flow alike, at random, in training.

    Subclasses implement `transform` and name their arguments; those that
    change sizes implement `size_of`, those that change labels `mix`. They use
    the functions of `keras_twostream.transforms` and draw from `chance`, so
    that they work on every backend, and in a `tf.data` map whichever the
    backend is: `dataset.map(layer)`, with labels or without.

    Each clip of a batch has a chance of its own. All its frames and both its
    streams are transformed alike. Vectors of flow change as the motion that
    they describe.

    Args:
        frames: Number of frames of a clip, T, or `None` for samples of one
            frame. It tells a clip `(T, H, W, C)` from a batch `(N, H, W, C)`;
            batches of clips are known by their rank.
        seed: Optional integer to draw the same again.
        **kwargs: Base layer arguments. The layer computes in float32 under
            any policy.

    Call arguments:
        inputs: Dict of "rgb", "flow" or both: `([N,] [T,] H, W, C)`, RGB 0 to
            255, flow in pixels per step with channels u, v, u, v, .... It may
            hold "labels" too.
        labels: Optional labels, passed on with the result as `(inputs,
            labels)`.
        training: Whether to augment. `True` unless a model says otherwise,
            as for Keras's own layers.

    Output shape:
        The same dict, in float32.

    Attributes:
        arguments: Names of the subclass's own arguments, each an attribute.
        needs_batch: Whether single samples are refused.
    """

    arguments: tuple[str, ...] = ()
    needs_batch = False

    def __init__(self, frames=None, seed=None, **kwargs):
        super().__init__(**(kwargs | {"dtype": "float32"}))
        self.frames, self.seed = frames, seed
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.chance = Chance(self.seed_generator)

    def __call__(self, inputs, *args, **kwargs):
        if in_foreign_graph(inputs):
            # Keras would make arrays of its own backend of these tensors.
            return self.call(inputs, *args, **kwargs)
        return super().__call__(inputs, *args, **kwargs)

    def call(self, inputs, labels=None, training=True):
        sample = {k: x for k, x in inputs.items() if k != "labels"}
        within = "labels" in inputs
        labels = inputs["labels"] if within else labels
        single = self._check({k: tuple(x.shape) for k, x in sample.items()})
        sample = {k: as_float(x) for k, x in sample.items()}
        if single:
            sample = {name: x[None] for name, x in sample.items()}
        sample, mixed = self.mix(sample, labels, training)
        if single:
            sample = {name: x[0] for name, x in sample.items()}
        if within:
            return sample | {"labels": mixed}
        return sample if labels is None else (sample, mixed)

    def transform(self, sample, training):
        """Returns a batch of samples, transformed.

        Args:
            sample: Dict of float32 tensors `(N, [T,] H, W, C)`.
            training: Whether to augment.
        """
        raise NotImplementedError

    def mix(self, sample, labels, training):
        """Returns `(sample, labels)`; here labels stay as they are."""
        return self.transform(sample, training), labels

    def size_of(self, name, shape):
        """Returns the shape of a stream's result, from that of its input."""
        return shape

    def labels_size_of(self, shape):
        """Returns the shape of the labels returned, from that given."""
        return shape

    def compute_output_shape(self, inputs_shape, labels_shape=None):
        shapes = {
            name: self.labels_size_of(tuple(shape))
            if name == "labels"
            else self.size_of(name, tuple(shape))
            for name, shape in inputs_shape.items()
        }
        if labels_shape is None:
            return shapes
        return shapes, self.labels_size_of(tuple(labels_shape))

    def get_config(self):
        own = {name: getattr(self, name) for name in self.arguments}
        shared = {"frames": self.frames, "seed": self.seed}
        return super().get_config() | shared | own

    def _check(self, shapes):
        """Returns whether these are the shapes of one sample."""
        ranks = {len(shape) for shape in shapes.values()}
        single = 3 if self.frames is None else 4
        if not (
            {*shapes} <= {*STREAMS}
            and len(ranks) == 1
            and ranks <= {single, 4, 5}
            and _agree(shape[-3:-1] for shape in shapes.values())
        ):
            self._refuse(
                "takes a dict of 'rgb', 'flow' or both, and perhaps 'labels'; "
                "streams are ([batch,] [frames,] height, width, channels), "
                "of one height and width",
                shapes,
            )
        counts = [(self.frames,), *(shape[-4:-3] for shape in shapes.values())]
        if self.frames and not _agree(counts):
            self._refuse("expects clips of as many frames as it says", shapes)
        alone = ranks == {single}
        if alone and self.needs_batch:
            self._refuse("mixes the samples of a batch: batch first", shapes)
        return alone

    def _refuse(self, what, shapes):
        raise ValueError(
            f"{type(self).__name__} {what}. Received: shapes {shapes}, "
            f"frames={self.frames}"
        )


def _agree(sizes):
    """Whether tuples of sizes are equal as far as they are known."""
    return all(len({*axis} - {None}) < 2 for axis in zip(*sizes, strict=True))
