"""Fine-tune a fused network on a folder of your own clips, in plain Keras.

Run it: python examples/fine_tune.py CLIPS [EPOCHS]
where CLIPS holds one sub-folder of video files per class.
"""

import sys

import keras

import keras_twostream


def main(directory, epochs=5):
    """Trains `conv_relu5` on a MobileNet and predicts one clip."""
    training, validation = keras_twostream.data.video_dataset_from_directory(
        directory,
        validation_split=0.25,
        subset="both",
        seed=0,
        batch_size=8,
        image_size=(96, 96),
    )
    model = keras_twostream.build(
        "conv_relu5",
        backbone="mobilenet:alpha=0.25",
        # weights="imagenet" starts from what Keras publishes.
        input_shape=(96, 96),
        class_names=training.class_names,
    )
    model.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    model.fit(
        training, validation_data=validation, epochs=epochs, shuffle=False
    )
    clip = validation.file_paths[0]
    answer = keras_twostream.predict(clip, model, top=3)
    print(clip)
    for row in answer:
        print(f"  {row['label']}: {row['score']:.2f}")


if __name__ == "__main__":
    main(sys.argv[1], *map(int, sys.argv[2:3]))
