"""Networks as users have them, with their own classifiers."""

import keras
from networks import randomise


def mobilenet(name, channels):
    # Given as a tensor, Keras takes any number of channels without a warning.
    x = keras.Input((64, 64, channels))
    network = keras.applications.MobileNet(
        input_tensor=x, alpha=0.25, weights=None, classes=5
    )
    return randomise(keras.Model(x, network.outputs[0], name=name))


def small(channels=3, size=32, filters=8, name=None, end="softmax", classes=5):
    """Returns a user's network: two convolutions and a classifier."""
    x = inputs = keras.Input((size, size, channels))
    for number, strides in ((1, 2), (2, 4)):
        x = keras.layers.Conv2D(
            filters, 3, strides, "same", activation="relu", name=f"c{number}"
        )(x)
    x = keras.layers.GlobalAveragePooling2D(name="pooled")(x)
    if end is None:
        x = keras.layers.Dense(classes, name="logits")(x)
        x = keras.layers.Softmax(name="scores")(x)
    else:
        x = keras.layers.Dense(classes, activation=end, name="logits")(x)
    return randomise(keras.Model(inputs, x, name=name))
