"""I3D: Inception with its kernels and pooling inflated to clips.

Reference: Carreira and Zisserman, "Quo Vadis, Action Recognition? A New Model
and the Kinetics Dataset", CVPR 2017. After the last map, the definition of its
released networks has averages of 2x7x7 places, dropout, the logits of each and
their mean over time.
"""

import keras

from keras_twostream.backbones.base import (
    LOGITS,
    RGB_CHANNELS,
    SCORES,
    STRIDES,
    Backbone,
    Stage,
)
from keras_twostream.backbones.graph import (
    DROPOUT,
    LAST_MAP,
    POOL,
    POOLINGS,
)
from keras_twostream.backbones.inception import TABLES
from keras_twostream.backbones.vgg import published_weights

# Time, height and width of the averaged windows after the last map.
WINDOW, WINDOWS = (2, 7, 7), "AvgPool3d_6a_7x7"
# What the source calls the last two places.
ENDS = {"Logits": LOGITS, "Predictions": SCORES}
# Rank of a map -> average of windows, where time goes on or has ended.
AVERAGES = {
    4: keras.layers.AveragePooling2D,
    5: keras.layers.AveragePooling3D,
}
CLIP_RANK = 5


class I3D(Backbone):
    """A network of clips of inflated Inception modules, given as a table.

    Its places have the source's names, from `Conv3d_1a_7x7` over `Mixed_4f`
    to `Logits` and `Predictions`. At the end, windows are cut to the map, so
    that clips of any size will do; larger maps are averaged over all places.

    Args:
        name: Name of a row of `TABLES`.
        weights: `None`; Keras publishes no weights of these.
    """

    clips = True
    convention = "unit"

    def __init__(self, name, weights=None):
        self.name = self.source = name
        self.weights = weights
        self.rows = TABLES[name]
        self.stages = {stage.name: stage for stage in _stages(self.rows)}
        last = {s.stride: s.name for s in self.stages.values() if s.stride}
        self.aliases = {at: last[stride] for at, stride in STRIDES.items()}
        self.aliases |= {LAST_MAP: self.rows[-1].name} | ENDS
        self.aliases |= dict.fromkeys(("fc6", "relu6", "fc7", "relu7"), POOL)

    def initial_weights(self):
        if self.weights is None:
            return {}
        return published_weights(self.name, self.weights)

    def run(self, x, stream, start, stop, head):
        names = [None, *self.stages]
        begin, end = names.index(start), names.index(stop)
        for row in self.rows[begin:end]:
            self._check_time(x, start)
            x = row.apply(x, stream)
        for name in [*self.stages][max(begin, len(self.rows)) : end]:
            x = _top_layer(name, x, f"{stream}_{name}", head)(x)
        return x

    def _check_time(self, x, start):
        """Raises `ValueError` if time has ended before 3D convolutions."""
        if len(x.shape) != CLIP_RANK:
            raise ValueError(
                f"Backbone {self.name} is made of 3D convolutions: time goes "
                f"on up to {self.rows[-1].name}. Received: shape {x.shape} "
                f"after {start or 'the input'}"
            )


def _stages(rows):
    """Yields the stage that each row and each layer of the top ends."""
    stride, channels = 1, RGB_CHANNELS
    for row in rows:
        stride *= row.stride
        channels = row.channels or channels
        yield Stage(row.name, stride, channels)
    for name in (WINDOWS, DROPOUT, POOL):
        yield Stage(name, 0, channels)
    for name in (LOGITS, SCORES):
        yield Stage(name, 0, 0)


def _top_layer(place, x, name, head):
    """Returns the layer of a place after the last map.

    The mean over time is taken before the logits and not of them, which is
    the same, and makes them a vector's.

    Args:
        place: Name of its stage.
        x: Tensor that it will take.
        name: What to call it.
        head: `Head` of the classifier.
    """
    if place == WINDOWS:
        sizes = x.shape[1:-1]
        window = zip(WINDOW[-len(sizes) :], sizes, strict=True)
        kind = AVERAGES[len(x.shape)]
        size = [min(pair) for pair in window]
        # TensorFlow has no such average in float16 on a CPU.
        return kind(size, 1, dtype="float32", name=name)
    if place == DROPOUT:
        return keras.layers.Dropout(head.dropout, name=name)
    if place == POOL:
        return POOLINGS[len(x.shape)](name=name)
    return (head.classifier if place == LOGITS else head.scores)(name)
