"""What layers that see a time axis share."""

import keras


class TimeLayer(keras.layers.Layer):
    """Does something with the time axis of a clip, ends it or passes it on.

    Subclasses implement `call` and `compute_output_shape`.

    Input shape:
        `(batch, time, [height, width,] channels)`, time being known.

    Attributes:
        ranks: Ranks of what it takes, or `None` for any with a time axis.
        needs_time: Whether there has to be a time axis. A layer without this
            attribute counts as one that needs it.
    """

    ranks: tuple[int, ...] | None = None
    needs_time = True

    def build(self, input_shape):
        self._check(tuple(input_shape))
        super().build(input_shape)

    def _check(self, shape):
        """Raises `ValueError` unless the layer takes maps of this shape."""
        ranks = self.ranks
        fits = len(shape) in ranks if ranks else len(shape) > 2
        timeless = self.needs_time and fits and shape[1] is None
        if not fits or timeless:
            allowed = " or ".join(f"{r}-D" for r in ranks or ("3-D and more",))
            raise ValueError(
                f"{type(self).__name__} takes (batch, time, ..., channels), "
                f"{allowed}, with time known. Received: shape {shape}"
            )


def count_windows(name, window, stride, frames):
    """Returns how many windows fit into a clip.

    Args:
        name: What the window is called where it is set.
        window: Integer, frames in a window.
        stride: Integer, frames from one window to the next.
        frames: Integer, frames of the clip.

    Raises:
        ValueError: If the clip is shorter than a window.
    """
    if window > frames:
        raise ValueError(
            f"{name} spans {window} frames of a clip of {frames}: use shorter "
            f"windows, or clips of {window} or more frames. "
            f"Received: a window of {window}, frames={frames}"
        )
    return (frames - window) // stride + 1


def check_mode(mode, modes):
    """Raises `ValueError` unless `mode` is one of `modes`."""
    if mode not in modes:
        raise ValueError(f"mode must be one of {[*modes]}. Received: {mode}")
