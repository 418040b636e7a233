"""The class of all networks: a functional model that picks its streams."""

import keras


@keras.saving.register_keras_serializable(package="keras_twostream")
class TwoStreamModel(keras.Model):
    """Functional `keras.Model` on a dict of streams.

    It ignores streams that it has no input for, so that `spatial` and
    `temporal` train on the very dataset that a fused network trains on; a
    plain functional model would take one stream for another.

    Attributes:
        load_report: `LoadReport` of the weights it was built with, if any.
    """

    load_report = None

    def call(self, inputs, training=None, mask=None):
        if isinstance(inputs, dict):
            inputs = {name: inputs[name] for name in self.input}
        return super().call(inputs, training=training)
