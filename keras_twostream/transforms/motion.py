"""Time: flow between other frames, backwards or faster.

Field k of a clip is the motion from frame k to frame k + s, given at the
pixels of frame k, and the stack at frame t is the L fields t + (j - L//2) s,
j from 0 to L - 1 (`data.sampling.stack_fields`).

**Backwards.** In the reversed clip frame t is followed by frame t - s. Its
field there is the motion from t to t - s, given at the pixels of frame t: the
inverse of field t - s, so time shifts by one field. The j-th field of the
reversed stack at frame t is thus the inverse of field t + (L//2 - 1 - j) s.
With even L these are the very fields of the stack, last one first; with odd L
one more is needed before the first one and the last is not used. Which fields
are needed is exact. The inverse of field F at x is -F(y) where y + F(y) = x:
taken as -F(x) it is of first order, wrong by about |F| times the change of
F from one pixel to the next; `invert` repeats B(x) = -F(x + B(x)), which
approaches the true inverse where the motion is smooth. Beside the edge of what
moves, two answers take turns and the odd ones are the better ones, so that it
is done once by default. Nothing can tell the motion of what was hidden in the
earlier frame.

**Faster.** If every k-th frame is shown, the field at frame t is the sum of k
fields along the path: F(x) + G(x + F(x)) + .... It is exact up to the linear
interpolation of G, and where what moves is not hidden on its way.
"""

from keras_twostream.transforms.arrays import namespace
from keras_twostream.transforms.fields import (
    compose_runs,
    invert_stack,
    reverse_order,
)
from keras_twostream.transforms.streams import Sample, require


def reverse_time(
    sample: Sample, fields: int | None = None, iterations: int = 1
) -> Sample:
    """Plays a sample backwards: the sample of the reversed clip.

    Frames come in reverse order; of every stack the fields come in reverse
    order and are inverted. See the module for what is exact.

    Args:
        sample: Dict of float tensors `(N, [T,] H, W, C)`.
        fields: Number of fields of the result, L. By default as many as there
            are, which has to be an even number. An odd L needs stacks of one
            field more, L + 1.
        iterations: See `invert`.

    Returns:
        Dict of tensors `(N, [T,] H, W, C)`, with 2L channels of flow.

    Raises:
        ValueError: If stacks have too few fields around their frames.
    """
    result = dict(sample)
    if "rgb" in sample and len(sample["rgb"].shape) == 5:
        result["rgb"] = namespace(sample["rgb"]).flip(sample["rgb"], axis=1)
    if "flow" not in sample:
        return result
    flow = sample["flow"]
    ops = namespace(flow)
    given = flow.shape[-1] // 2
    fields = fields or given
    check_reversible(given, fields)
    first = given // 2 - (fields - fields // 2)
    if len(flow.shape) == 5:
        flow = ops.flip(flow, axis=1)
    chosen = flow[..., 2 * first : 2 * (first + fields)]
    result["flow"] = reverse_order(invert_stack(chosen, iterations))
    return result


def check_reversible(given: int, fields: int) -> None:
    """Raises `ValueError` unless `reverse_time` can make these fields."""
    needed = fields + fields % 2
    require(
        needed <= given,
        f"Reversing stacks of {fields} fields takes stacks of {needed} or "
        "more.",
        f"{given} fields",
    )


def speed_up(sample: Sample, factor: int, fields: int | None = None) -> Sample:
    """Plays what happens around each frame faster.

    Every field of the result is composed of `factor` fields of the stack; the
    stack stays centred. RGB frames stay, for a frame shows the same at any
    speed; frames that are farther apart must be sampled so.

    Args:
        sample: Dict of float tensors `(N, [T,] H, W, C)`.
        factor: How many times faster, 1 or more.
        fields: Number of fields of the result, L; by default as many as
            there is room for.

    Returns:
        Dict of tensors `(N, [T,] H, W, C)`, with 2L channels of flow.

    Raises:
        ValueError: If stacks have too few fields around their frames.
    """
    if "flow" not in sample:
        return dict(sample)
    flow = sample["flow"]
    given = flow.shape[-1] // 2
    fields = most_fields(given, factor) if fields is None else fields
    check_fields(given, fields, factor)
    first = given // 2 - (fields // 2) * factor
    last = first + fields * factor
    chosen = flow[..., 2 * first : 2 * last]
    return sample | {"flow": compose_runs(chosen, factor)}


def needed_fields(fields: int, factor: int) -> int:
    """Returns how many fields `speed_up` needs around a frame."""
    before, after = fields // 2 * factor, (fields - fields // 2) * factor
    # A stack has as many fields before its frame as after it, or one less.
    return max(2 * before, 2 * after - 1)


def most_fields(given: int, factor: int) -> int:
    """Returns how many fields `speed_up` can make of those given."""
    fields = given // factor
    return fields if needed_fields(fields, factor) <= given else fields - 1


def check_fields(given: int, fields: int, factor: int) -> None:
    """Raises `ValueError` unless `speed_up` can make these of those given."""
    needed = needed_fields(fields, factor)
    require(
        fields > 0 and needed <= given,
        f"Stacks of {fields} fields at {factor} times the speed take "
        f"stacks of {needed} or more.",
        f"{given} fields",
    )
