"""Weights made for RGB images, spread over inputs of other channels."""

import numpy as np

from keras_twostream.backbones.base import RGB_CHANNELS


def mean(kernel, channels):
    """Repeats the mean over the colours, without rescaling.

    So did Wang et al. (Temporal Segment Networks, ECCV 2016) and the released
    VGG networks of Feichtenhofer et al. (CVPR 2016). Such a kernel sees the
    sum of all u and all v, so it has to learn to tell them apart.
    """
    colour = kernel.mean(axis=-2, keepdims=True)
    return np.repeat(colour, channels, axis=-2)


def cyclic(kernel, channels):
    """Mirrors the colours on: R, G, B, B, G, R, R, G, B and so on.

    So did the released ResNets of Feichtenhofer et al. (CVPR 2016), without
    rescaling either.
    """
    order = [*range(RGB_CHANNELS), *reversed(range(RGB_CHANNELS))]
    chosen = np.resize(order, channels)
    return np.take(kernel, chosen, axis=-2)


def motion(kernel, channels):
    """Shows u as red, v as green and their negative mean as blue.

    A field without motion is then grey, u and v are told apart, and the
    fields of a stack are averaged: the first layer answers as if it saw the
    picture of the mean motion. Not from the literature.
    """
    red, green, blue = np.split(kernel, RGB_CHANNELS, axis=-2)
    field = np.concatenate([red - blue / 2, green - blue / 2], axis=-2)
    fields = channels // 2
    return np.concatenate([field] * fields, axis=-2) / fields


# Name -> first kernel `(..., 3, filters)` and a number of flow channels (u and
# v in turn) -> kernel `(..., channels, filters)`.
INFLATIONS = {"cyclic": cyclic, "mean": mean, "motion": motion}


def check(inflation):
    """Raises `ValueError` unless there is such an inflation."""
    if inflation not in INFLATIONS:
        raise ValueError(
            f"inflation must be one of {[*INFLATIONS]}. Received: {inflation!r}"
        )


def inflate(array, shape, stream, inflation="mean"):
    """Returns a layer's array for RGB in the shape for other channels.

    Frames that are stacked in the channels see the kernel for one frame,
    divided by their number: repeated frames are answered as a single one is.
    For flow it is spread as told.

    Args:
        array: Kernel `(..., 3, filters)`, or one constant per colour `(3,)`.
        shape: The wanted shape.
        stream: Whether the channels are those of `"rgb"` or of `"flow"`.
        inflation: For flow, a name of `INFLATIONS`. Constants become their
            mean with any of them.

    Returns:
        The array, or `None` if the shapes differ by more than the channels.
    """
    axis = max(array.ndim - 2, 0)
    if not _differ_at(array.shape, shape, axis):
        return None
    channels = shape[axis]
    if stream != "rgb":
        constant = np.full(channels, array.mean(), array.dtype)
        spread = INFLATIONS[inflation]
        return constant if array.ndim == 1 else spread(array, channels)
    frames, rest = divmod(channels, RGB_CHANNELS)
    if rest:
        return None
    stacked = np.concatenate([array] * frames, axis=axis)
    return stacked if array.ndim == 1 else stacked / frames


def _differ_at(found, wanted, axis):
    """Returns whether shapes differ by the channels at `axis` only."""
    return (
        len(found) == len(wanted) > axis
        and found[axis] == RGB_CHANNELS
        and found[:axis] == wanted[:axis]
        and found[axis + 1 :] == wanted[axis + 1 :]
    )
