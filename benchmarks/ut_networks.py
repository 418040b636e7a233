"""The networks of `ut_interaction.py`, and how they are trained.

All share one frozen trunk, MobileNet up to `STAGE` with ImageNet weights, so
its maps of every clip are computed once. Above it learns a head on the maps'
averages and maxima in ordered segments of time and, in the fused network,
the convolution that fuses the maps.
"""

import math

import keras
import numpy as np

import keras_twostream
from keras_twostream.backbones import GraphBackbone
from keras_twostream.data.augment import flip
from keras_twostream.data.summary import progress
from keras_twostream.layers import ConvFusion, TemporalPool
from keras_twostream.models.spec import Spec
from keras_twostream.training import split

STAGE, CHANNELS = "conv_pw_12_relu", 1024
SIZE, FRAMES, SEGMENTS, FIELDS = (224, 224), 24, 4, 10
FUSION = ConvFusion(filters=2 * CHANNELS, kernel_initializer="zeros")
# Name -> what to build, and whether its layers below the head learn too.
NETWORKS = {
    "spatial": ("spatial", False),
    "temporal": ("temporal", False),
    "mid-level": (Spec(fuse={STAGE: FUSION}), True),
}
# A mean motion of a quarter of the flow's bound counts as a full colour.
FLOW_GAIN = 4.0
HEAD_STEPS, HEAD_RATE = 60, 0.1
# One pass over the clips. At the head's rate a fusion of four million weights
# fits its 54 clips and loses what it started with: with 12 frames, 52 clips
# right on average of three seeds, not 55.
TUNING_STEPS, TUNING_BATCH, TUNING_RATE = 6, 9, 0.01


def trunk(weights):
    """Returns MobileNet up to `STAGE` as a backbone.

    Args:
        weights: Path of the weights of that part.
    """
    whole = keras.applications.MobileNet(
        include_top=False, weights=None, input_shape=(*SIZE, 3)
    )
    end = whole.get_layer(STAGE).output
    network = keras.Model(whole.input, end, name="mobilenet")
    network.load_weights(weights)
    return GraphBackbone(network, convention="unit")


def build_network(spec, backbone, num_classes):
    """Returns a network of clips: `spec` up to its last map, and a head."""
    base = keras_twostream.build(
        spec,
        backbone=backbone,
        include_top=False,
        input_shape=SIZE,
        frames=FRAMES,
        flow_frames=FIELDS,
    )
    layers = {layer.name: layer for layer in base.layers}
    if "flow_conv1" in layers:
        colours = backbone.initial_weights()["conv1"][0]
        layers["flow_conv1"].set_weights([flow_kernel(colours)])
    if f"{STAGE}_conv" in layers:
        layers[f"{STAGE}_conv"].set_weights(fusion_weights())
    stream = next(iter(base.input))
    return keras.Model(base.input, _head(base.output, stream, num_classes))


def flow_kernel(colours):
    """Returns the flow stream's first kernel, made of that for RGB.

    The mean of the colours, repeated, would see nothing but the sum of u and
    v. Here u is shown as red, v as green, and their negative mean as blue, so
    that a frame without motion is grey; all fields of a stack are averaged.

    Args:
        colours: Array `(height, width, 3, filters)`.

    Returns:
        Array `(height, width, 2 * FIELDS, filters)`.
    """
    red, green, blue = np.split(colours, 3, axis=2)
    field = np.concatenate([red - blue / 2, green - blue / 2], axis=2)
    return np.tile(field, (1, 1, FIELDS, 1)) * (FLOW_GAIN / FIELDS)


def fusion_weights():
    """Returns kernel and bias with which the fusion starts.

    Half of its channels are the sum of both streams, half are RGB alone.
    """
    one = np.eye(CHANNELS, dtype="float32")
    kernel = np.block([[one, one], [one, 0 * one]])
    return [kernel, np.zeros(2 * CHANNELS, "float32")]


def _head(maps, stream, num_classes):
    """Applies the classifier to maps `(batch, time, height, width, C)`."""
    averages = keras.ops.mean(maps, axis=(2, 3))
    maxima = keras.ops.max(maps, axis=(2, 3))
    x = keras.ops.concatenate([averages, maxima], axis=-1)
    x = TemporalPool(segments=SEGMENTS, name=f"{stream}_time")(x)
    x = keras.layers.BatchNormalization(
        momentum=0.9, epsilon=1e-2, center=False, scale=False, name="norm"
    )(x)
    # Vectors of one length, however many numbers they have.
    x = keras.layers.Rescaling(8 / math.sqrt(x.shape[-1]))(x)
    x = keras.layers.Dropout(0.3, name="dropout")(x)
    return keras.layers.Dense(
        num_classes,
        activation="softmax",
        kernel_regularizer=keras.regularizers.L2(1.5e-3),
        name="scores",
    )(x)


def clip_maps(model, dataset, verbose="auto"):
    """Computes the frozen part of a two-stream network, once.

    Args:
        model: Network of `build_network` with both streams.
        dataset: Unbatched `clips_dataset`.
        verbose: Whether to show progress.

    Returns:
        Dict of stream -> `float16 (2, clips, FRAMES, height, width, C)`: of
        the clips and of their mirror images.
    """
    below = split(model, STAGE)[0]
    maps = {stream: ([], []) for stream in below.output}
    steps = progress(dataset, len(dataset), "Computing maps", verbose)
    for clip, _ in steps:
        for mirrored, sample in enumerate((clip, flip(clip))):
            batch = {stream: x[None] for stream, x in sample.items()}
            for stream, x in below.predict_on_batch(batch).items():
                maps[stream][mirrored].append(x[0].astype("float16"))
    return {stream: np.array(both) for stream, both in maps.items()}


class MirroredBatches(keras.utils.PyDataset):
    """Batches of clips in random order, each mirrored or not by chance.

    Args:
        inputs: Dict of stream -> array `(2, clips, ...)`.
        labels: Array `(clips,)`.
        chosen: Indices of the clips to take.
        batch_size: Clips per step; as many as there are, at most.
        steps: Number of batches.
        rng: NumPy's random generator.
    """

    def __init__(self, inputs, labels, chosen, batch_size, steps, rng):
        super().__init__()
        self.inputs, self.labels = inputs, labels
        size = min(batch_size, len(chosen))
        epochs = -(-steps * size // len(chosen))
        order = np.concatenate([rng.permutation(chosen) for _ in range(epochs)])
        self.clips = order[: steps * size].reshape(steps, size)
        self.mirrored = rng.integers(0, 2, self.clips.shape)

    def __len__(self):
        return len(self.clips)

    def __getitem__(self, index):
        clips, mirrored = self.clips[index], self.mirrored[index]
        inputs = {s: x[mirrored, clips] for s, x in self.inputs.items()}
        return inputs, self.labels[clips]
