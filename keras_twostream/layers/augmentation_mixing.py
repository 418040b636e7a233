"""Augmentation that mixes the clips of a batch, and their labels."""

from keras_twostream.layers._augmentation import TwoStreamAugmentation
from keras_twostream.layers._base import export
from keras_twostream.layers._limits import check_positive
from keras_twostream.transforms import chance as draws
from keras_twostream.transforms import mixing
from keras_twostream.transforms.arrays import namespace


@export
class TwoStreamMixUp(TwoStreamAugmentation):
    """Blends every clip with another of its batch, and their labels.

    Both streams of a clip are blended by one weight (Zhang et al., "mixup",
    ICLR 2018).

    Args:
        alpha: Of the Beta(alpha, alpha) distribution of the weights.
        num_classes: Number of classes; needed for integer labels, which
            become `float32 (N, num_classes)`, also outside of training.
        **kwargs: Arguments of `TwoStreamAugmentation`.

    Raises:
        ValueError: If `alpha` is not positive, integer labels come without
            `num_classes`, or the input is no batch.
    """

    arguments = ("alpha", "num_classes")
    needs_batch = True

    def __init__(self, alpha=0.2, num_classes=None, **kwargs):
        super().__init__(**kwargs)
        check_positive(alpha=alpha)
        self.alpha, self.num_classes = alpha, num_classes

    def mix(self, sample, labels, training):
        labels = _shares(self, labels)
        if not training:
            return sample, labels
        order, weight, _ = _partners(self, sample)
        return mixing.mix_up(sample, labels, order, weight)

    def labels_size_of(self, shape):
        return (*shape[:1], self.num_classes) if len(shape) == 1 else shape


@export
class TwoStreamCutMix(TwoStreamAugmentation):
    """Pastes a box of another clip of the batch; mixes labels by area.

    The box is at one place in all frames and in both streams (Yun et al.,
    "CutMix", ICCV 2019).

    Args:
        alpha: Of the Beta(alpha, alpha) distribution of the share of the area
            that is left.
        num_classes: Number of classes; needed for integer labels, which
            become `float32 (N, num_classes)`, also outside of training.
        **kwargs: Arguments of `TwoStreamAugmentation`.

    Raises:
        ValueError: If `alpha` is not positive, integer labels come without
            `num_classes`, or the input is no batch.
    """

    arguments = ("alpha", "num_classes")
    needs_batch = True

    def __init__(self, alpha=1.0, num_classes=None, **kwargs):
        super().__init__(**kwargs)
        check_positive(alpha=alpha)
        self.alpha, self.num_classes = alpha, num_classes

    def mix(self, sample, labels, training):
        labels = _shares(self, labels)
        if not training:
            return sample, labels
        order, weight, place = _partners(self, sample)
        some = next(iter(sample.values()))
        height, width = namespace(some).shape(some)[-3:-1]
        boxes = draws.cut_boxes(place, weight, height, width)
        return mixing.cut_mix(sample, labels, order, boxes)

    def labels_size_of(self, shape):
        return (*shape[:1], self.num_classes) if len(shape) == 1 else shape


def _shares(layer, labels):
    if labels is None:
        return None
    return mixing.as_shares(labels, layer.num_classes)


def _partners(layer, sample):
    """Draws the other clip of each, its own share, and a place."""
    some = next(iter(sample.values()))
    chance = layer.chance.uniform(some, 5)
    gammas = layer.chance.gamma(some, 2, layer.alpha + 1)
    weight = draws.beta_weights(chance[:, :2], gammas, layer.alpha)
    return draws.random_order(chance[:, 2]), weight, chance[:, 3:]
