"""Fits a small network with other processes; writes its losses as JSON.

Arguments: clips, cache, file to write, "alone" or "together".
"""

import contextlib
import json
import sys
from pathlib import Path

if __name__ == "__main__":
    clips, cache, target, how = sys.argv[1:]
    import keras
    from networks import tiny

    from keras_twostream.data import clips_dataset, list_clips
    from keras_twostream.flow.spec import FlowSpec
    from keras_twostream.training.devices import EpochPlace
    from keras_twostream.training.workers import on_workers, shared

    together = on_workers() if how == "together" else contextlib.nullcontext()
    with together as shard:
        keras.utils.set_random_seed(0)
        dataset = clips_dataset(
            list_clips(clips),
            batch_size=4 // (shard[1] if shard else 1),
            shard=shard,
            image_size=(32, 32),
            flow_frames=2,
            flow=FlowSpec(short_side=32, algorithm="dis_ultrafast"),
            cache_dir=cache,
            workers=1,
            verbose=False,
        )
        model = tiny("sum_relu5", num_classes=6, dropout=0.0)
        model.compile(
            keras.optimizers.SGD(1e-2),
            "sparse_categorical_crossentropy",
            metrics=["accuracy"],
            jit_compile=False,
        )
        fitted = model.fit(
            shared(dataset),
            epochs=3,
            verbose=0,
            callbacks=[EpochPlace(dataset)],
        )
        found = model.evaluate(shared(dataset), verbose=0)
        kernel = model.get_layer("rgb_conv1").kernel
        told = {
            "losses": fitted.history["loss"],
            "found": found,
            "kernel": float(abs(keras.ops.convert_to_numpy(kernel)).sum()),
        }
    Path(target).write_text(json.dumps(told, default=float))
