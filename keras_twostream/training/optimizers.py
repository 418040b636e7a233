"""Optimizers and schedules that recipes need beside those of Keras."""

import keras
from keras import ops

_register = keras.saving.register_keras_serializable(package="keras_twostream")


class _Factored(keras.optimizers.Optimizer):
    """Gives variables learning rates of their own.

    Args:
        rate_factors: Dict of a part of a variable's path -> factor of its
            learning rate. Factors of several parts are multiplied.
    """

    def __init__(self, *args, rate_factors=None, **kwargs):
        super().__init__(*args, **kwargs)
        self.rate_factors = dict(rate_factors or {})

    def update_step(self, gradient, variable, learning_rate):
        # Distributed variables have other paths; their places are the same.
        place = self._get_variable_index(variable)
        path = self._trainable_variables[place].path
        for part, factor in self.rate_factors.items():
            if part in path:
                learning_rate = learning_rate * factor
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        return super().get_config() | {"rate_factors": self.rate_factors}


@_register
class FactoredAdam(_Factored, keras.optimizers.Adam):
    """`keras.optimizers.Adam` with `rate_factors`."""


@_register
class FactoredAdamW(_Factored, keras.optimizers.AdamW):
    """`keras.optimizers.AdamW` with `rate_factors`."""


@_register
class FactoredSGD(_Factored, keras.optimizers.SGD):
    """`keras.optimizers.SGD` with `rate_factors`."""


class _CoupledSGD(keras.optimizers.Optimizer):
    """Gradient descent whose momentum is of gradients."""

    def __init__(
        self,
        learning_rate=1e-3,
        momentum=0.9,
        decay=0.0,
        no_decay=(),
        name="matconvnet_sgd",
        **kwargs,
    ):
        super().__init__(learning_rate=learning_rate, name=name, **kwargs)
        self.momentum, self.decay = momentum, decay
        self.no_decay = tuple(no_decay)

    def build(self, variables):
        if not self.built:
            super().build(variables)
            self.velocities = self.add_optimizer_variables(
                variables, "velocity"
            )

    def update_step(self, gradient, variable, learning_rate):
        place = self._get_variable_index(variable)
        path = self._trainable_variables[place].path
        velocity = self.velocities[place]
        gradient = ops.cast(gradient, variable.dtype)
        step = ops.cast(learning_rate, variable.dtype)
        if not any(part in path for part in self.no_decay):
            gradient = gradient + self.decay * variable
        self.assign(velocity, self.momentum * velocity - gradient)
        self.assign_add(variable, step * velocity)

    def get_config(self):
        return super().get_config() | {
            "momentum": self.momentum,
            "decay": self.decay,
            "no_decay": self.no_decay,
        }


@_register
class MatConvNetSGD(_Factored, _CoupledSGD):
    """Gradient descent as MatConvNet has it.

    The momentum `v` is of gradients, not of steps, so a lower learning rate
    acts at once, and the decay is part of the gradient:

        v <- momentum * v - decay * w - gradient
        w <- w + learning_rate * v

    Source: `cnn_train_dag.m` of Feichtenhofer et al. (2016), lines 476 to 482.

    Args:
        learning_rate: Float or schedule.
        momentum: Float.
        decay: Float, of variables that `no_decay` does not name.
        no_decay: Parts of paths of variables without decay.
        name: Name of the optimizer.
        **kwargs: As for `keras.optimizers.Optimizer`.
    """


@_register
class WarmUp(keras.optimizers.schedules.LearningRateSchedule):
    """Raises the learning rate linearly to where another schedule has it.

    Args:
        schedule: Learning rate, or a schedule of it.
        steps: Number of steps that it takes.
    """

    def __init__(self, schedule, steps):
        self.schedule, self.steps = schedule, steps

    def __call__(self, step):
        rate = self.schedule(step) if callable(self.schedule) else self.schedule
        share = (ops.cast(step, "float32") + 1) / max(self.steps, 1)
        return rate * ops.minimum(share, 1.0)

    def get_config(self):
        schedule = self.schedule
        if callable(schedule):
            schedule = keras.saving.serialize_keras_object(schedule)
        return {"schedule": schedule, "steps": self.steps}

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        if isinstance(config["schedule"], dict):
            config["schedule"] = keras.saving.deserialize_keras_object(
                config["schedule"]
            )
        return cls(**config)


@_register
class SmoothedCrossentropy(keras.losses.Loss):
    """Cross-entropy of class numbers, of which a share goes to all classes.

    Args:
        smoothing: That share (Szegedy et al., 2016, section 7).
        reduction: As for `keras.losses.Loss`.
        name: Name of the loss.
        dtype: As for `keras.losses.Loss`.
    """

    def __init__(
        self,
        smoothing=0.1,
        reduction="sum_over_batch_size",
        name="smoothed_crossentropy",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        self.smoothing = smoothing

    def call(self, y_true, y_pred):
        classes = y_pred.shape[-1]
        numbers = ops.reshape(ops.cast(y_true, "int32"), ops.shape(y_pred)[:-1])
        shares = ops.one_hot(numbers, classes, dtype=y_pred.dtype)
        shares = shares * (1 - self.smoothing) + self.smoothing / classes
        return ops.categorical_crossentropy(shares, y_pred)

    def get_config(self):
        return super().get_config() | {"smoothing": self.smoothing}
