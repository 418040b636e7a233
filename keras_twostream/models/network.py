"""The class of all networks: a functional model that picks its streams."""

import keras
from keras import ops

from keras_twostream.layers.temporal import step_gains
from keras_twostream.models.feeding import adopt_flow, check_flow

# Of a network with several outputs: the one that is its answer.
ANSWER = "scores"
# The output with the scores of each time step, if it is the only other one.
STEPS = "steps"


@keras.saving.register_keras_serializable(package="keras_twostream")
class TwoStreamModel(keras.Model):
    """Functional `keras.Model` on a dict of streams.

    It ignores streams that it has no input for, so that `spatial` and
    `temporal` train on the very dataset that a fused network trains on; a
    plain functional model would take one stream for another.

    A network with several losses has a dict of outputs, of which `"scores"`
    is the answer. It is compiled and fitted like any other: one loss is meant
    for every output but the answer, the losses are added up, metrics are
    about the answer, and labels are those of the clips. Where an output has a
    time axis, every step is compared with the clip's label, later steps
    weigh more (`layers.step_gains`). Dicts of losses, metrics or labels by
    output are taken as Keras takes them.

    `fit`, `evaluate` and `predict` compare the flow of a dataset of clips with
    the flow that the network is for, as `flow.contract` says: they warn
    (`FlowMismatchWarning`), or refuse what would make scores meaningless. A
    network that was not told its flow takes over that of the first dataset
    that it is fitted on.

    Attributes:
        load_report: `LoadReport` of the weights it was built with, if any.
        network: Dict of the arguments with which `build` makes it again, or
            `None` where that is not how it was made or JSON cannot hold them.
    """

    load_report = None
    network = None
    _is_fitting = False

    def get_config(self):
        return super().get_config() | {"network": self.network}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        network = config.pop("network", None)
        model = super().from_config(config, custom_objects)
        model.network = network
        return model

    def compile(self, optimizer="rmsprop", loss=None, *args, **kwargs):
        super().compile(optimizer, loss, *args, **kwargs)
        metrics = kwargs.get("metrics", args[1] if len(args) > 1 else None)
        self._by_output = isinstance(metrics, dict)
        self._loss_outputs = [*loss] if isinstance(loss, dict) else None

    def compile_from_config(self, config):
        # Keras leaves this to classes with a `compile` of their own.
        self.compile(**keras.saving.deserialize_keras_object(config))
        self.optimizer.build(self.trainable_variables)

    def fit(self, x=None, *args, **kwargs):
        adopt_flow(self, x)
        validation = kwargs.get("validation_data", *args[6:7])
        check_flow(self, x, validation, training=True)
        self._is_fitting = True
        try:
            return super().fit(x, *args, **kwargs)
        finally:
            self._is_fitting = False

    def evaluate(self, x=None, *args, **kwargs):
        # Keras evaluates within `fit`, which has looked at all data.
        if not self._is_fitting:
            check_flow(self, x)
        return super().evaluate(x, *args, **kwargs)

    def predict(self, x, *args, **kwargs):
        if not self._is_fitting:
            check_flow(self, x)
        return super().predict(x, *args, **kwargs)

    def call(self, inputs, training=None, mask=None):
        if isinstance(inputs, dict):
            inputs = {name: inputs[name] for name in self.input}
        return super().call(inputs, training=training)

    def compute_loss(
        self, x=None, y=None, y_pred=None, sample_weight=None, training=True
    ):
        if isinstance(y_pred, dict) and y is not None:
            names = self._loss_outputs or [k for k in y_pred if k != ANSWER]
            y_pred = {name: y_pred[name] for name in names}
            y = {k: _labels(_part(y, k), p) for k, p in y_pred.items()}
            sample_weight = {
                k: _weights(_part(sample_weight, k), p)
                for k, p in y_pred.items()
            }
        return super().compute_loss(x, y, y_pred, sample_weight, training)

    def compute_metrics(self, x, y, y_pred, sample_weight=None):
        if isinstance(y_pred, dict) and self._by_output:
            y = {k: _labels(_part(y, k), p) for k, p in y_pred.items()}
        elif isinstance(y_pred, dict):
            y, y_pred = _part(y, ANSWER), y_pred[ANSWER]
            sample_weight = _part(sample_weight, ANSWER)
        return super().compute_metrics(x, y, y_pred, sample_weight)


def answer(outputs):
    """Returns the class scores among a network's outputs.

    Args:
        outputs: What a network of `build` gives: an array, or a dict.
    """
    return outputs[ANSWER] if isinstance(outputs, dict) else outputs


def _part(values, name):
    """Returns what is meant for one output: a dict's entry, or all."""
    return values[name] if isinstance(values, dict) else values


def _labels(y, scores):
    """Returns the labels of clips, once per time step if there are steps."""
    if len(scores.shape) < 3 or len(y.shape) == len(scores.shape):
        return y
    one_hot = len(y.shape) == 2 and y.shape[-1] == scores.shape[-1]
    y = y if one_hot else ops.reshape(y, (-1,))
    return ops.repeat(y[:, None], scores.shape[1], axis=1)


def _weights(weights, scores):
    """Returns the weights of clips, or of their steps if there are any."""
    if len(scores.shape) < 3:
        return weights
    gains = step_gains(scores.shape[1])
    # Of mean 1, so that a step's loss is comparable to a clip's.
    gains = ops.convert_to_tensor(gains / gains.mean(), "float32")[None]
    if weights is None:
        return ops.repeat(gains, ops.shape(scores)[0], axis=0)
    return ops.reshape(ops.cast(weights, "float32"), (-1, 1)) * gains
