"""Clips mixed with others of the batch, or with parts erased."""

from typing import Any

from keras_twostream.transforms.arrays import namespace
from keras_twostream.transforms.streams import Sample, require, spread


def mix_up(
    sample: Sample, labels: Any, order: Any, weight: Any
) -> tuple[Sample, Any]:
    """Blends every clip with another of the batch, and their labels.

    Both streams are blended by one weight. Blended flow is no motion of the
    blended frames: it is a point between two samples, as for any other input
    (Zhang et al., "mixup", ICLR 2018).

    Args:
        sample: Dict of float tensors `(N, ...)`.
        labels: `float32 (N, classes)` or `None`.
        order: `int32 (N,)`, the other clip of each.
        weight: `float32 (N,)`, share of the clip itself, 0 to 1.

    Returns:
        `(sample, labels)`.
    """

    def blend(x: Any) -> Any:
        x = namespace(x).convert_to_tensor(x)
        other = namespace(x).take(x, order, axis=0)
        return other + spread(weight, x) * (x - other)

    mixed = {name: blend(x) for name, x in sample.items()}
    return mixed, None if labels is None else blend(labels)


def cut_mix(
    sample: Sample, labels: Any, order: Any, boxes: Any
) -> tuple[Sample, Any]:
    """Pastes a box of another clip into every clip; mixes labels by area.

    The box is at one place in all frames and in both streams, so that the
    flow within it is that of what is shown there (Yun et al., "CutMix", ICCV
    2019).

    Args:
        sample: Dict of tensors `(N, [T,] H, W, C)`.
        labels: `float32 (N, classes)` or `None`.
        order: `int32 (N,)`, the other clip of each.
        boxes: `(N, 4)` whole numbers: top, left, height and width in pixels.

    Returns:
        `(sample, labels)`.
    """

    def paste(x: Any) -> Any:
        ops = namespace(x)
        return ops.where(inside(x, boxes), ops.take(x, order, axis=0), x)

    pasted = {name: paste(x) for name, x in sample.items()}
    if labels is None:
        return pasted, None
    some = next(iter(sample.values()))
    ops = namespace(some)
    height, width = ops.shape(some)[-3:-1]
    area = ops.cast(height * width, "float32")
    weight = 1.0 - ops.cast(boxes[:, 2] * boxes[:, 3], "float32") / area
    return pasted, mix_up({}, labels, order, weight)[1]


def erase(sample: Sample, boxes: Any, fill_value: float = 0.0) -> Sample:
    """Covers a box of every clip, at one place in all frames.

    What covers it is a patch of one grey that does not move: its flow is
    zero (cf. Zhong et al., "Random Erasing", AAAI 2020).

    Args:
        sample: Dict of float tensors `(N, [T,] H, W, C)`.
        boxes: `(4,)` or `(N, 4)` whole numbers: top, left, height and width
            in pixels.
        fill_value: The grey, 0 to 255.

    Returns:
        Dict of tensors of the same shapes.
    """
    fills = {"rgb": fill_value, "flow": 0.0}
    return {
        name: namespace(x).where(inside(x, boxes), fills[name], x)
        for name, x in sample.items()
    }


def inside(x: Any, boxes: Any) -> Any:
    """Returns which pixels lie in boxes, in a shape that selects from `x`.

    Args:
        x: Tensor `(N, [T,] H, W, C)`.
        boxes: `(4,)` or `(N, 4)`: top, left, height and width in pixels.
    """
    ops = namespace(x)
    boxes = ops.cast(ops.convert_to_tensor(boxes), "float32")
    top, left, high, wide = (spread(boxes[..., k], x) for k in range(4))
    height, width = ops.shape(x)[-3:-1]
    rows = ops.reshape(ops.arange(height, dtype="float32"), (-1, 1, 1))
    columns = ops.reshape(ops.arange(width, dtype="float32"), (1, -1, 1))
    in_rows = (rows >= top) & (rows < top + high)
    return in_rows & (columns >= left) & (columns < left + wide)


def as_shares(labels: Any, num_classes: int | None) -> Any:
    """Returns labels that can be mixed: one number for every class.

    Args:
        labels: Integers `(N,)`, or `(N, classes)`.
        num_classes: Number of classes; needed for integers.

    Returns:
        `float32 (N, classes)`.

    Raises:
        ValueError: If integers come without `num_classes`, or labels have
            another form.
    """
    ops = namespace(labels)
    rank = len(labels.shape)
    require(
        rank in (1, 2),
        "Labels to mix must be integers (N,) or one-hot (N, classes).",
        f"shape {tuple(labels.shape)}",
    )
    if rank == 2:
        return ops.cast(labels, "float32")
    require(
        num_classes is not None,
        "Integer labels are mixed as shares of the classes: give "
        "`num_classes`, or one-hot labels.",
        f"labels of shape {tuple(labels.shape)}, num_classes=None",
    )
    return ops.one_hot(ops.cast(labels, "int32"), num_classes, dtype="float32")
