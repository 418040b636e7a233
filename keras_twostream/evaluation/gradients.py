"""Gradients on every backend, for looking into networks."""

import keras
import numpy as np


def value_and_gradient(function, inputs):
    """Returns a sum and its gradient.

    Args:
        function: Function of a dict of tensors -> tensor, whose sum is
            meant.
        inputs: Dict of name -> array.

    Returns:
        The value as an array, and a dict of name -> array, the gradient of
        its sum by each input.
    """
    given = {name: keras.ops.convert_to_tensor(x) for name, x in inputs.items()}
    value, found = _BACKENDS[keras.config.backend()](function, given)
    to_numpy = keras.ops.convert_to_numpy
    return to_numpy(value), {name: to_numpy(x) for name, x in found.items()}


def _tensorflow(function, inputs):
    import tensorflow as tf  # noqa: PLC0415

    with tf.GradientTape() as tape:
        tape.watch(inputs)
        value = function(inputs)
        total = tf.reduce_sum(value)
    return value, tape.gradient(
        total, inputs, unconnected_gradients=tf.UnconnectedGradients.ZERO
    )


def _jax(function, inputs):
    import jax  # noqa: PLC0415

    def total(given):
        value = function(given)
        return value.sum(), value

    (_, value), found = jax.value_and_grad(total, has_aux=True)(inputs)
    return value, found


def _torch(function, inputs):
    given = {
        name: x.detach().requires_grad_(True) for name, x in inputs.items()
    }
    value = function(given)
    value.sum().backward()
    nothing = {name: np.zeros(x.shape, "float32") for name, x in given.items()}
    return value.detach(), {
        name: nothing[name] if x.grad is None else x.grad
        for name, x in given.items()
    }


_BACKENDS = {"tensorflow": _tensorflow, "jax": _jax, "torch": _torch}
