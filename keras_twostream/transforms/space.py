"""Flips and rotations of frames and flow together."""

from typing import Any

from keras_twostream.transforms.arrays import namespace
from keras_twostream.transforms.sampling import grid, interpolate
from keras_twostream.transforms.streams import (
    Sample,
    fold,
    interleave,
    per_frame,
    require,
    scale_vectors,
    unfold,
)

# What is mirrored -> axis of the pixels, signs of u and v.
FLIPS = {"horizontal": (-2, -1.0, 1.0), "vertical": (-3, 1.0, -1.0)}
FILL_MODES = ("reflect", "constant")


def flip(sample: Sample, axis: str = "horizontal") -> Sample:
    """Mirrors a sample. What is mirrored moves the other way.

    Exact: flow of mirrored frames is mirrored flow with the sign of one
    component changed, u for "horizontal" and v for "vertical".

    Args:
        sample: Dict of float tensors `(..., H, W, C)`.
        axis: "horizontal" (left and right change places) or "vertical".

    Returns:
        Dict of tensors of the same shapes.
    """
    pixels, u, v = FLIPS[axis]
    mirrored = {
        name: namespace(x).flip(x, axis=len(x.shape) + pixels)
        for name, x in sample.items()
    }
    if "flow" in sample:
        mirrored["flow"] = scale_vectors(mirrored["flow"], u, v)
    return mirrored


def rotate(
    sample: Sample,
    angle: Any,
    fill_mode: str = "reflect",
    fill_value: float = 0.0,
) -> Sample:
    """Rotates a sample about its middle; positions and vectors turn alike.

    Exact for the motion; pixels are interpolated linearly.

    Args:
        sample: Dict of float tensors `(N, [T,] H, W, C)`.
        angle: Radians, counter-clockwise as one sees it; a number or a
            tensor `(N,)`.
        fill_mode: What is shown beyond the edges: "reflect" mirrors the
            frames at their edges, and their motion with them; "constant" is
            one grey that does not move.
        fill_value: That grey, 0 to 255.

    Returns:
        Dict of tensors of the same shapes.

    Raises:
        ValueError: If there is no such `fill_mode`.
    """
    message = f"`fill_mode` must be one of {FILL_MODES}."
    require(fill_mode in FILL_MODES, message, repr(fill_mode))
    fills = {"rgb": fill_value, "flow": 0.0}
    return {
        name: _rotated(x, angle, name == "flow", fill_mode, fills[name])
        for name, x in sample.items()
    }


def _rotated(x: Any, angle: Any, moves: bool, fill_mode: str, fill: float):
    ops = namespace(x)
    frames, lead = fold(x)
    angle = per_frame(ops.convert_to_tensor(angle, dtype="float32"), lead)
    cos, sin = ops.cos(angle), ops.sin(angle)
    y, x, sign_v, sign_u, inside = _sources(frames, cos, sin)
    if fill_mode == "constant":
        sign_u = sign_v = ops.convert_to_tensor(1.0)
    turned = interpolate(frames, y, x)
    if moves:
        u = turned[..., 0::2] * sign_u[..., None]
        v = turned[..., 1::2] * sign_v[..., None]
        cos, sin = cos[..., None], sin[..., None]
        turned = interleave(cos * u + sin * v, cos * v - sin * u)
    if fill_mode == "constant":
        turned = ops.where(inside[..., None], turned, fill)
    return unfold(turned, lead)


def _sources(frames: Any, cos: Any, sin: Any) -> tuple:
    """Returns where each pixel comes from, `(M or 1, H, W)`.

    Rows and columns are folded back into the frame. Also returns the signs
    that v and u get by that, and whether the place is in the frame at all.
    """
    ops = namespace(frames)
    high, wide = ops.shape(frames)[1:3]
    rows, columns = grid(frames)
    middle_y = ops.cast(high - 1, "float32") / 2
    middle_x = ops.cast(wide - 1, "float32") / 2
    down, along = rows - middle_y, columns - middle_x
    y = sin * along + cos * down + middle_y
    x = cos * along - sin * down + middle_x
    y, sign_v, inside_y = _reflected(y, high)
    x, sign_u, inside_x = _reflected(x, wide)
    return y, x, sign_v, sign_u, inside_y & inside_x


def _reflected(place: Any, size: Any) -> tuple:
    """Folds places along an axis back into the frame: c b a | a b c | c b a.

    Returns the places, 1 or -1 where the image is mirrored, and whether they
    lie in the frame.
    """
    ops = namespace(place)
    size = ops.cast(size, "float32")
    turn = ops.mod(place + 0.5, 2 * size)
    mirrored = turn > size
    # A place on the very edge may miss it by rounding.
    inside = (place > -0.501) & (place < size - 0.499)
    folded = ops.where(mirrored, 2 * size - turn, turn) - 0.5
    return folded, ops.where(mirrored, -1.0, 1.0), inside
