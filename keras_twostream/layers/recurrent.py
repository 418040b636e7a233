"""Recurrent networks over the steps of a clip."""

import keras

from keras_twostream.layers._base import export
from keras_twostream.layers._time import TimeLayer


@export
class TemporalLSTM(TimeLayer):
    """Stacks LSTMs over the vectors of a clip; every step has a result.

    Ng et al. 2015 stack five layers of 512 cells, Donahue et al. 2015 take one
    of 256 (both as remembered, not checked against the papers).

    Args:
        units: Integer, cells of each layer.
        num_layers: Integer, number of layers, 1 or more.

    Input shape:
        `(batch, time, channels)`.

    Output shape:
        `(batch, time, units)`.

    Raises:
        ValueError: If there is no layer, or the input is not of vectors.
    """

    ranks = (3,)

    def __init__(self, units=512, num_layers=1, **kwargs):
        super().__init__(**kwargs)
        if num_layers < 1:
            raise ValueError(
                f"num_layers must be 1 or more. Received: {num_layers}"
            )
        self.units, self.num_layers = units, num_layers
        self.lstms = [
            keras.layers.LSTM(
                units,
                return_sequences=True,
                dtype=self.dtype_policy,
                name=f"lstm_{index}",
            )
            for index in range(num_layers)
        ]

    def build(self, input_shape):
        super().build(input_shape)
        for lstm in self.lstms:
            lstm.build(input_shape)
            input_shape = lstm.compute_output_shape(input_shape)

    def call(self, inputs, training=None):
        x = inputs
        for lstm in self.lstms:
            x = lstm(x, training=training)
        return x

    def compute_output_shape(self, input_shape):
        return (*input_shape[:-1], self.units)

    def get_config(self):
        own = {"units": self.units, "num_layers": self.num_layers}
        return super().get_config() | own
