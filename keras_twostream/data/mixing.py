"""MixUp and CutMix of batches, with the seed as an argument.

Pure TensorFlow functions for `dataset.batch(...).map(...)`; the mathematics
are those of `keras_twostream.transforms`, and so of the layers.
"""

import tensorflow as tf

from keras_twostream.transforms import chance as draws
from keras_twostream.transforms import mixing


def mix_up(seed, sample, labels, alpha: float = 0.2, num_classes=None):
    """Blends every sample of a batch with another, and their labels.

    Args:
        seed: Integer tensor `(2,)`.
        sample: Dict of float tensors `(N, ...)`.
        labels: `(N, classes)`, or integers `(N,)` with `num_classes`.
        alpha: Of the Beta(alpha, alpha) distribution of the weights.
        num_classes: Number of classes.

    Returns:
        `(sample, labels)`, labels being `float32 (N, classes)`.
    """
    order, weight, _ = _partners(seed, labels, alpha)
    shares = mixing.as_shares(labels, num_classes)
    return mixing.mix_up(sample, shares, order, weight)


def cut_mix(seed, sample, labels, alpha: float = 1.0, num_classes=None):
    """Pastes a box of another sample into every one; mixes labels by area.

    Args:
        seed: Integer tensor `(2,)`.
        sample: Dict of tensors `(N, [T,] H, W, C)`.
        labels: `(N, classes)`, or integers `(N,)` with `num_classes`.
        alpha: Of the Beta(alpha, alpha) distribution of the share of the area
            that is left.
        num_classes: Number of classes.

    Returns:
        `(sample, labels)`, labels being `float32 (N, classes)`.
    """
    order, weight, place = _partners(seed, labels, alpha)
    sizes = tf.shape(next(iter(sample.values())))
    boxes = draws.cut_boxes(place, weight, sizes[-3], sizes[-2])
    shares = mixing.as_shares(labels, num_classes)
    return mixing.cut_mix(sample, shares, order, boxes)


def _partners(seed, labels, alpha: float):
    """Draws the other sample of each, its own share, and a place."""
    count = tf.shape(labels)[0]
    first, second = tf.unstack(tf.random.split(seed, 2))
    chance = tf.random.stateless_uniform((count, 5), first)
    gammas = tf.random.stateless_gamma((count, 2), second, alpha + 1)
    weight = draws.beta_weights(chance[:, :2], gammas, alpha)
    return draws.random_order(chance[:, 2]), weight, chance[:, 3:]
