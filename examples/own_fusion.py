"""A fusion of your own, in any network, in one file.

Run it: python examples/own_fusion.py
"""

import keras
import numpy as np
from keras import ops

import keras_twostream
from keras_twostream.layers import Fusion


@keras.saving.register_keras_serializable(package="my_project")
class GatedFusion(Fusion):
    """Lets the flow decide, place by place, how much of the RGB map passes."""

    max_streams = 2

    def call(self, inputs):
        rgb, flow = inputs
        return rgb * ops.sigmoid(flow) + flow

    def compute_output_shape(self, input_shape):
        return tuple(input_shape[0])


model = keras_twostream.build(
    fusion=GatedFusion(),
    location="relu5",
    backbone="mobilenet:alpha=0.25",
    input_shape=(64, 64),
    class_names=("wave", "clap", "point"),
)
inputs = {
    "rgb": np.random.default_rng(0).uniform(0, 255, (2, 64, 64, 3)),
    "flow": np.zeros((2, 64, 64, 20)),
}
scores = model.predict(inputs, verbose=0)
print(f"{model.name}: {model.count_params():,} parameters")
print("scores of two clips:", scores.round(3).tolist())
