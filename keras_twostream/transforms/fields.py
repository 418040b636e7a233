"""Flow fields: followed, composed, inverted, and stacks of them."""

from typing import Any

from keras_twostream.transforms.arrays import namespace
from keras_twostream.transforms.sampling import grid, interpolate
from keras_twostream.transforms.streams import fold, unfold


def warp(values: Any, flow: Any) -> Any:
    """Reads values where flow points to.

    Args:
        values: Tensor `(N, [T,] H, W, C)`.
        flow: Tensor `(N, [T,] H, W, 2)`.

    Returns:
        `values` at x + flow(x), linearly interpolated; at the nearest pixel
        beyond the edges.
    """
    frames, lead = fold(values)
    vectors, _ = fold(flow)
    rows, columns = grid(frames)
    taken = interpolate(
        frames, rows + vectors[..., 1], columns + vectors[..., 0]
    )
    return unfold(taken, lead)


def compose(first: Any, second: Any) -> Any:
    """Returns the motion of two fields that follow one another.

    Args:
        first: Tensor `(N, [T,] H, W, 2)`, from frame a to frame b.
        second: The same, from frame b to frame c.

    Returns:
        The motion from a to c, at the pixels of frame a.
    """
    return first + warp(second, first)


def invert(flow: Any, iterations: int = 1) -> Any:
    """Returns the motion of the way back.

    Args:
        flow: Tensor `(N, [T,] H, W, 2)`, from frame a to frame b.
        iterations: How often B(x) = -flow(x + B(x)) is repeated. 0 negates
            the vectors and leaves them where they are.

    Returns:
        The motion from b to a, at the pixels of frame b.
    """
    inverse = -flow
    for _ in range(iterations):
        inverse = -warp(flow, inverse)
    return inverse


def invert_stack(flow: Any, iterations: int = 1) -> Any:
    """Inverts every field of stacks, each where it stands.

    Args:
        flow: Tensor `(N, [T,] H, W, 2L)`.
        iterations: See `invert`.
    """
    if not iterations:
        return -flow
    stack, back = _fields_of(flow)
    return back(invert(stack, iterations))


def compose_runs(flow: Any, factor: int) -> Any:
    """Composes each `factor` fields of a stack that follow one another.

    Args:
        flow: Tensor `(N, [T,] H, W, 2 * L * factor)`.
        factor: How many fields become one.

    Returns:
        `(N, [T,] H, W, 2L)`.
    """
    if factor == 1:
        return flow
    stack, back = _fields_of(flow)
    total = stack[:, 0::factor]
    for k in range(1, factor):
        total = compose(total, stack[:, k::factor])
    return back(total)


def reverse_order(flow: Any) -> Any:
    """Puts the last field of every stack first: `(N, [T,] H, W, 2L)`."""
    stack, back = _fields_of(flow)
    return back(namespace(stack).flip(stack, axis=1))


def _fields_of(flow: Any) -> tuple:
    """Returns fields as an axis, `(M, L, H, W, 2)`, and how to undo it."""
    ops = namespace(flow)
    frames, lead = fold(flow)
    _, high, wide, channels = ops.shape(frames)
    pairs = ops.reshape(frames, (-1, high, wide, channels // 2, 2))

    def back(fields: Any) -> Any:
        moved = ops.transpose(fields, (0, 2, 3, 1, 4))
        size = 2 * moved.shape[3]
        return unfold(ops.reshape(moved, (-1, high, wide, size)), lead)

    return ops.transpose(pairs, (0, 3, 1, 2, 4)), back
