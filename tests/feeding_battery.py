"""Trains on a prepared set under the backend of `KERAS_BACKEND`.

A script: feeding_battery.py FOLDER FILE. It writes to the file the weights
after three epochs, the same after two and one more resumed, and scores.
"""

import sys

import keras
import numpy as np

from keras_twostream.data import video_dataset_from_directory


def load(folder, **settings):
    return video_dataset_from_directory(
        folder,
        batch_size=2,
        image_size=16,
        flow_frames=2,
        seed=5,
        verbose=False,
        **{"augment": True} | settings,
    )


def network():
    """Returns a linear network, which learns something else in every order."""
    inputs = {
        "rgb": keras.Input((16, 16, 3), name="rgb"),
        "flow": keras.Input((16, 16, 4), name="flow"),
    }
    small = keras.layers.Rescaling(1 / 255)(inputs["rgb"])
    flat = [keras.layers.Flatten()(x) for x in (small, inputs["flow"])]
    scores = keras.layers.Dense(2, kernel_initializer="zeros")(
        keras.layers.concatenate(flat)
    )
    model = keras.Model(inputs, scores)
    model.compile(
        keras.optimizers.SGD(0.05),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    return model


def fit(model, dataset, **settings):
    model.fit(dataset, shuffle=False, verbose=0, **settings)
    return model


def main(folder, file):
    whole = fit(network(), load(folder), epochs=3)
    halted = fit(network(), load(folder), epochs=2)
    step = int(halted.optimizer.iterations)
    fit(halted, load(folder, start=step))
    endless = fit(
        network(), load(folder, repeat=True), steps_per_epoch=2, epochs=3
    )
    views = load(folder, augment=False, shuffle=False, views=2)
    np.savez(
        file,
        whole=whole.get_weights()[0],
        resumed=halted.get_weights()[0],
        endless=endless.get_weights()[0],
        scores=whole.predict(views, verbose=0),
        step=step,
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
