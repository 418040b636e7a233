"""Pooling over time, by which the time axis ends."""

import numpy as np
from keras import ops

from keras_twostream.layers._base import export
from keras_twostream.layers._time import TimeLayer, check_mode


def step_gains(frames):
    """Returns how much each step of a clip weighs: the later, the more.

    The gains of Ng et al. 2015, by which the loss and the answer of an LSTM
    count: they rise linearly over the clip from 0 to 1. Step t = 1, ..., T
    has the gain t / T, so that the gain is 0 in front of the first frame and
    1 at the last, no step is without any, and a clip of one frame has [1].
    Whether the source begins at 0 or at 1 / T is not certain.

    Args:
        frames: Integer, steps of the clip, 1 or more.

    Returns:
        Float32 array `(frames,)`; divide by its sum for weights of an
        average.

    Raises:
        ValueError: If there is no step.
    """
    if frames < 1:
        raise ValueError(f"frames must be 1 or more. Received: {frames}")
    return np.arange(1, frames + 1, dtype="float32") / np.float32(frames)


def _average(x):
    return ops.mean(x, axis=1)


def _max(x):
    return ops.max(x, axis=1)


def _ramp(x):
    gains = step_gains(x.shape[1])
    shape = (1, -1, *[1] * (len(x.shape) - 2))
    weights = np.reshape(gains / gains.sum(), shape)
    return ops.sum(x * ops.convert_to_tensor(weights, x.dtype), axis=1)


# How frames become one.
POOLS = {"average": _average, "max": _max, "ramp": _ramp}


@export
class TemporalPool(TimeLayer):
    """Ends the time axis by pooling over it, whole or in ordered segments.

    Args:
        mode: `"average"`, `"max"` or `"ramp"`, the average in which later
            steps weigh more (`step_gains`).
        segments: Integer, number of consecutive parts that are pooled apart
            and stacked along the channels; 1 forgets the order of time, more
            keep it. `None` makes each frame a part: frames are concatenated.

    Input shape:
        `(batch, time, ..., channels)`.

    Output shape:
        `(batch, ..., segments * channels)`.

    Raises:
        ValueError: If there are fewer frames than segments.
    """

    def __init__(self, mode="average", segments=1, **kwargs):
        super().__init__(**kwargs)
        check_mode(mode, POOLS)
        self.mode, self.segments = mode, segments

    def build(self, input_shape):
        super().build(input_shape)
        self._parts(input_shape[1])

    def _parts(self, frames):
        """Returns the number of segments of a clip."""
        parts = frames if self.segments is None else self.segments
        if not 1 <= parts <= frames:
            raise ValueError(
                f"segments must be from 1 to the {frames} frames, or None. "
                f"Received: segments={self.segments}"
            )
        return parts

    def call(self, inputs):
        _, time, *rest, channels = inputs.shape
        parts = self._parts(time)
        if parts == time:
            last = ops.moveaxis(inputs, 1, -2)
            return ops.reshape(last, (-1, *rest, time * channels))
        edges = [time * i // parts for i in range(parts + 1)]
        pooled = [
            POOLS[self.mode](inputs[:, start:stop])
            for start, stop in zip(edges[:-1], edges[1:], strict=True)
        ]
        return pooled[0] if parts == 1 else ops.concatenate(pooled, axis=-1)

    def compute_output_shape(self, input_shape):
        batch, time, *rest, channels = input_shape
        return (batch, *rest, channels * self._parts(time))

    def get_config(self):
        own = {"mode": self.mode, "segments": self.segments}
        return super().get_config() | own
