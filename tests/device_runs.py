"""Trains a small network on some devices; writes its losses as JSON.

Arguments: clips, cache, run, number of devices, epochs' draws or 0.
"""

import json
import sys
from pathlib import Path

if __name__ == "__main__":
    clips, cache, run, count, draws = sys.argv[1:]
    import keras

    if keras.config.backend() == "tensorflow":
        import tensorflow as tf

        (cpu,) = tf.config.list_physical_devices("CPU")
        two = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, two)
    from keras_twostream import training
    from keras_twostream.data.crop import CropSpec
    from keras_twostream.flow.spec import FlowSpec

    history = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: losses.append(logs)
    )
    losses: list = []
    recipe = training.Recipe(
        backbone="vgg_tiny",
        batch_size=4,
        epochs=3,
        learning_rate=1e-3,
        # Each device would draw its own.
        dropout=0.0,
        image_size=(32, 32),
        flow_frames=2,
        validation_split=0.34,
        freeze="relu5" if int(draws) else None,
        draws=int(draws) or None,
        flow=FlowSpec(short_side=32, algorithm="dis_ultrafast"),
        crop=CropSpec(flip=False),
    )
    model = training.train(
        clips,
        run,
        recipe,
        cache_dir=cache,
        workers=1,
        callbacks=(history,),
        devices=int(count) or None,
        deterministic=True,
        verbose=0,
    )
    total = [
        float(abs(keras.ops.convert_to_numpy(w)).sum()) for w in model.weights
    ]
    text = json.dumps({"losses": losses, "weights": total}, default=float)
    Path(run, "losses.json").write_text(text)
