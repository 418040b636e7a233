"""How samples, their frames and their vectors are taken apart."""

from typing import Any

from keras_twostream.transforms.arrays import namespace

Sample = dict[str, Any]


def spread(value: Any, x: Any) -> Any:
    """Returns a number per clip in a shape that multiplies frames.

    Args:
        value: Tensor `()` or `(N,)`.
        x: Tensor `(N, ...)`.

    Returns:
        `value`, or `(N, 1, ..., 1)` with the rank of `x`.
    """
    ops = namespace(x)
    if not len(value.shape):
        return value
    return ops.reshape(value, (-1, *[1] * (len(x.shape) - 1)))


def choose(mask: Any, first: Sample, second: Sample) -> Sample:
    """Takes clips of one sample where a mask says so, else of another.

    Args:
        mask: Boolean tensor `()` or `(N,)`.
        first: Dict of tensors `(N, ...)`.
        second: Dict of tensors of the same shapes.
    """
    return {
        name: namespace(x).where(spread(mask, x), x, second[name])
        for name, x in first.items()
    }


def scale_vectors(flow: Any, u: Any, v: Any) -> Any:
    """Multiplies the two components of flow.

    Args:
        flow: Tensor `(N, ..., 2L)`, channels u, v, u, v, ....
        u: Factor of u, a number or a tensor `(N,)`.
        v: Factor of v, of the same kind.

    Returns:
        A tensor of the shape of `flow`.
    """
    ops = namespace(flow)
    u, v = (
        ops.convert_to_tensor(factor, dtype=flow.dtype) for factor in (u, v)
    )
    pair = ops.stack([u, v], axis=-1)
    fields = flow.shape[-1] // 2
    if len(pair.shape) == 1:
        return flow * ops.tile(pair, [fields])
    one_each = [1] * (len(flow.shape) - 2)
    return flow * ops.reshape(
        ops.tile(pair, [1, fields]), (-1, *one_each, 2 * fields)
    )


def interleave(u: Any, v: Any) -> Any:
    """Returns flow `(..., 2L)` from its components, each `(..., L)`."""
    ops = namespace(u)
    pairs = ops.stack([u, v], axis=-1)
    return ops.reshape(pairs, (*ops.shape(u)[:-1], 2 * u.shape[-1]))


def fold(x: Any) -> tuple[Any, tuple]:
    """Returns all frames in one axis, and the axes that were folded.

    Args:
        x: Tensor `(N, [T,] H, W, C)`.

    Returns:
        `((M, H, W, C), (N,) or (N, T))`.
    """
    ops = namespace(x)
    *lead, high, wide, channels = ops.shape(x)
    return ops.reshape(x, (-1, high, wide, channels)), tuple(lead)


def unfold(frames: Any, lead: tuple) -> Any:
    """Undoes `fold`; height, width and channels may have changed."""
    ops = namespace(frames)
    return ops.reshape(frames, (*lead, *ops.shape(frames)[1:]))


def per_frame(value: Any, lead: tuple) -> Any:
    """Returns a number per clip as one per frame of `fold`.

    Args:
        value: Tensor `()` or `(N,)`.
        lead: The axes that were folded.

    Returns:
        `(M, 1, 1)`, or `(1, 1, 1)` if all clips share it.
    """
    ops = namespace(value)
    value = ops.reshape(value, (-1, 1, 1))
    if len(lead) == 2 and value.shape[0] != 1:
        value = ops.repeat(value, lead[1], axis=0)
    return value


def require(condition: bool, message: str, received: Any) -> None:
    """Raises `ValueError` unless `condition` holds."""
    if not condition:
        raise ValueError(f"{message} Received: {received}")
