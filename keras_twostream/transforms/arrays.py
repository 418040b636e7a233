"""The few functions of arrays that all transformations are made of."""

import functools
import importlib
import sys
from types import SimpleNamespace
from typing import Any


def namespace(value: Any) -> Any:
    """Returns the functions for an array: TensorFlow's, or `keras.ops`.

    In a `tf.data` map the arrays are TensorFlow's even if Keras runs on JAX
    or PyTorch, so it is the array that decides and not the backend. Neither
    library is imported before somebody has an array of it.

    Args:
        value: A tensor, or anything that `keras.ops` takes.

    Returns:
        An object with the functions of `_of_tensorflow`, under the names and
        with the arguments that they have in `keras.ops`.
    """
    tensorflow = sys.modules.get("tensorflow")
    if tensorflow is not None and tensorflow.is_tensor(value):
        return _of_tensorflow(tensorflow)
    return importlib.import_module("keras").ops


@functools.cache
def _of_tensorflow(tf: Any) -> SimpleNamespace:
    return SimpleNamespace(
        argsort=tf.argsort,
        arange=lambda stop, dtype: tf.cast(tf.range(stop), dtype),
        cast=tf.cast,
        concatenate=tf.concat,
        convert_to_tensor=tf.convert_to_tensor,
        cos=tf.cos,
        exp=tf.exp,
        flip=lambda x, axis: tf.reverse(x, [axis]),
        floor=tf.floor,
        log=tf.math.log,
        maximum=tf.maximum,
        mean=lambda x, axis, keepdims: tf.reduce_mean(x, axis, keepdims),
        minimum=tf.minimum,
        mod=tf.math.floormod,
        one_hot=lambda x, classes, dtype: tf.one_hot(x, classes, dtype=dtype),
        repeat=tf.repeat,
        reshape=tf.reshape,
        round=tf.round,
        shape=_shape,
        sigmoid=tf.sigmoid,
        sin=tf.sin,
        sqrt=tf.sqrt,
        stack=tf.stack,
        take=lambda x, index, axis: tf.gather(x, index, axis=axis),
        tile=tf.tile,
        transpose=tf.transpose,
        where=tf.where,
        zeros_like=tf.zeros_like,
    )


def _shape(x: Any) -> tuple:
    """Returns the sizes, as integers where they are known."""
    known = x.shape.as_list()
    if None not in known:
        return tuple(known)
    sizes = sys.modules["tensorflow"].shape(x)
    return tuple(
        sizes[axis] if size is None else size for axis, size in enumerate(known)
    )
