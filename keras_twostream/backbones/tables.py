"""Backbones that are written out as tables of layers."""

import keras

from keras_twostream.backbones import c3d, karpathy, vgg
from keras_twostream.backbones.base import LOGITS, SCORES, Backbone
from keras_twostream.backbones.rows import IMAGE_LAYERS, fits, least, stages

# Name -> `Table`.
TABLES = vgg.TABLES | karpathy.TABLES | c3d.TABLES

# Rank of the maps of clips: (batch, time, height, width, channels).
CLIP_RANK = 5


class TableBackbone(Backbone):
    """A network that is a plain sequence of layers, given as a table.

    Args:
        name: Name of a row of `TABLES`.
        weights: `None`, or `"imagenet"` for Keras's published weights.
    """

    def __init__(self, name, weights=None):
        self.name = self.source = name
        self.weights = weights
        self.rows, self.convention, self.absent_in_flow = TABLES[name]
        self.clips = TABLES[name].clips
        self.stages = {stage.name: stage for stage in stages(self.rows)}
        # A dense layer is fused after its rectification, as a map is.
        self.aliases = {f"fc{i}": f"relu{i}" for i in (6, 7)}
        for name in self.stages:
            # `relu5_3`, as VGG-16's own papers call the end of a block.
            own = name.replace("conv", "relu")
            if name.startswith("conv") and own not in self.stages:
                self.aliases[own] = own.partition("_")[0]

    def initial_weights(self):
        if self.weights is None:
            return {}
        return vgg.published_weights(self.name, self.weights)

    def run(self, x, stream, start, stop, head):
        names = [None, *self.stages]
        begin, end = names.index(start), names.index(stop)
        self._check_time(x, begin, end)
        self._check_size(x, begin, end)
        for row in self.rows[begin:end]:
            if stream != "flow" or row[0] not in self.absent_in_flow:
                x = _layer(row, stream, head)(x)
        return x

    def _check_time(self, x, begin, end):
        """Raises `ValueError` if time has ended before 3D convolutions."""
        ahead = {layer for _, layer, _ in self.rows[begin:end]}
        if ahead & {*IMAGE_LAYERS} and len(x.shape) != CLIP_RANK:
            maps = [name for name, stage in self.stages.items() if stage.stride]
            raise ValueError(
                f"Backbone {self.name} is made of 3D convolutions: time goes "
                f"on up to {maps[-1]}. Received: shape {x.shape} "
                f"after {self.rows[begin - 1][0] if begin else 'the input'}"
            )

    def _check_size(self, x, begin, end):
        """Raises `ValueError` if maps would vanish on their way."""
        sizes = x.shape[1:-1]
        axes = range(-len(sizes), 0)
        ahead = self.rows[begin:end]
        if all(fits(ahead, *place) for place in zip(sizes, axes, strict=True)):
            return
        allowed = [least(self.rows[:end], axis) for axis in axes]
        place = f"cells after {self.rows[begin - 1][0]}" if begin else "pixels"
        raise ValueError(
            f"Backbone {self.name} needs at least {_extent(allowed)} pixels "
            f"up to {self.rows[end - 1][0]}; use larger images"
            f"{' or longer clips' if self.clips else ''}. "
            f"Received: {_extent(sizes)} {place}"
        )


def _extent(sizes):
    """Returns the size of an image or a clip in words."""
    *time, height, width = sizes
    frames = f"{time[0]} frames of " if time else ""
    return f"{frames}{height}x{width}"


def _layer(row, stream, head):
    """Returns the Keras layer of a row."""
    name, layer, config = row
    full_name = f"{stream}_{name}"
    if name == LOGITS:
        return head.classifier(full_name)
    if name == SCORES:
        return head.scores(full_name)
    if layer is keras.layers.Dropout:
        config = {"rate": head.dropout}
    return layer(**config, name=full_name)
