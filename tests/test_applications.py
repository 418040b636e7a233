"""Networks of keras.applications: where they can be cut, and their inputs."""

import keras
import numpy as np
import pytest
from networks import (
    MOBILENET,
    inputs_for,
    maps_of,
    randomise,
    scores_of,
    shapes_only,
    sketch,
    tiny,
)

from keras_twostream import backbones
from keras_twostream.backbones.applications import FAMILIES, constructors
from keras_twostream.backbones.norms import freeze_batch_norm
from keras_twostream.layers import RGBPreprocessing

LOCATIONS = ("relu2", "relu3", "relu4", "relu5", "pool5")

# One network of each family -> (stride, channels) of each location, `None`
# where there is no single map of that stride.
STAGES = {
    "convnexttiny": [None, (4, 96), (8, 192), (16, 384), (32, 768)],
    "densenet121": [(2, 64), (4, 128), (8, 256), (16, 512), (32, 1024)],
    "efficientnet_v2b0": [(2, 16), (4, 32), (8, 192), (16, 672), (32, 1280)],
    "efficientnetb0": [(2, 96), (4, 144), (8, 240), (16, 672), (32, 1280)],
    "inception_v3": [(2, 64), (4, 192), (8, 288), (16, 768), (32, 2048)],
    "inceptionresnet_v2": [
        (2, 64),
        (4, 192),
        (8, 320),
        (16, 1088),
        (32, 1536),
    ],
    "mobilenet": [(2, 64), (4, 128), (8, 256), (16, 512), (32, 1024)],
    "mobilenet_v2": [(2, 96), (4, 144), (8, 192), (16, 576), (32, 1280)],
    "mobilenet_v3large": [(2, 64), (4, 72), (8, 240), (16, 672), (32, 960)],
    "mobilenet_v3small": [(2, 16), (4, 72), (8, 96), (16, 288), (32, 576)],
    "nasnetmobile": [None, None, None, None, (32, 1056)],
    "resnet50": [(2, 64), (4, 256), (8, 512), (16, 1024), (32, 2048)],
    "resnet50_v2": [(2, 64), (4, 256), (8, 512), (16, 1024), (32, 2048)],
    "vgg19": [(2, 128), (4, 256), (8, 512), (16, 512), (32, 512)],
    "xception": [(2, 64), (4, 128), (8, 256), (16, 728), (32, 2048)],
}

# How Keras itself prepares images for each family.
MODULES = {
    "ConvNeXt": "convnext",
    "DenseNet": "densenet",
    "EfficientNet": "efficientnet",
    "InceptionResNetV2": "inception_resnet_v2",
    "InceptionV3": "inception_v3",
    "MobileNet": "mobilenet",
    "MobileNetV2": "mobilenet_v2",
    "MobileNetV3": "mobilenet_v3",
    "NASNet": "nasnet",
    "ResNet": "resnet",
    "ResNet101V2": "resnet_v2",
    "ResNet152V2": "resnet_v2",
    "ResNet50V2": "resnet_v2",
    "VGG19": "vgg19",
    "Xception": "xception",
}


def family(constructor):
    return next(name for name in FAMILIES if constructor.startswith(name))


def test_every_family_has_its_row():
    # Three rows of FAMILIES are there for the versions of ResNet v2 alone.
    covered = {family(constructors()[name]) for name in STAGES}
    assert {*FAMILIES} - covered == {"ResNet101V2", "ResNet152V2"}
    assert {*MODULES} == {*FAMILIES}
    assert {family(name) for name in constructors().values()} == {*FAMILIES}


def stages_of(backbone):
    """Returns (stride, channels) of each location, or `None`."""
    found = []
    for location in LOCATIONS:
        stage = backbone.stages.get(backbone.aliases.get(location))
        found.append(stage and (stage.stride, stage.channels))
    return found


@pytest.mark.parametrize("name", STAGES)
def test_locations_are_where_they_should_be(name):
    # So small that networks without padding end in a single cell.
    with shapes_only():
        backbone = backbones.get(name, (96, 96))
    assert stages_of(backbone) == STAGES[name]
    last = backbone.stages[backbone.resolve("pool5")]
    assert last == [s for s in backbone.stages.values() if s.stride][-1]


@pytest.mark.parametrize("name", ["inception_v3", "mobilenet", "xception"])
def test_strides_do_not_depend_on_the_image_size(name):
    with shapes_only():
        strides = [
            {
                stage.name: stage.stride
                for stage in backbones.get(name, size).stages.values()
            }
            for size in [(75, 75), (224, 224), (171, 299)]
        ]
    assert strides[0] == strides[1] == strides[2]


@pytest.mark.parametrize(
    ("name", "location", "stride"),
    [("nasnetmobile", "relu5", 16), ("convnexttiny", "relu2", 2)],
)
def test_a_missing_location_is_explained(name, location, stride):
    with shapes_only():
        backbone = backbones.get(name, (64, 64))
    message = f"There are: .*pool5.*avg_pool.*there is none at stride {stride}"
    with pytest.raises(ValueError, match=message):
        backbone.resolve(location)


@pytest.mark.slow
def test_a_network_that_is_cut_nowhere_still_fuses_at_its_end():
    model = sketch(
        fusion="conv",
        location="pool5",
        backbone="nasnetmobile",
        input_shape=(64, 64),
    )
    assert model.get_layer("pool5_conv").output.shape == (None, 2, 2, 1056)


@pytest.mark.parametrize("name", FAMILIES)
def test_users_feed_images_of_0_to_255(name, rng):
    images = rng.uniform(0, 255, (2, 4, 4, 3)).astype("float32")
    module = getattr(keras.applications, MODULES[name])
    np.testing.assert_allclose(
        RGBPreprocessing(FAMILIES[name])(images),
        module.preprocess_input(images.copy(), data_format="channels_last"),
        atol=1e-3,
    )


def norms_of(model):
    return [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]


@pytest.mark.parametrize(
    ("policy", "learning"),
    [
        (None, None),
        ("partial", {"rgb_conv1_bn", "flow_conv1_bn"}),
        ("frozen", set()),
    ],
)
def test_policies_of_batch_normalisation(policy, learning):
    model = sketch("conv_relu5", backbone=MOBILENET)
    every = {layer.name for layer in norms_of(model)}
    learning = every if learning is None else learning
    assert {*freeze_batch_norm(model, policy)} == every - learning
    norms = norms_of(model)
    assert {layer.name for layer in norms if layer.trainable} == learning


def test_batch_normalisation_stays_frozen_in_a_file(tmp_path):
    model = randomise(tiny("spatial", backbone=MOBILENET))
    freeze_batch_norm(model, "frozen")
    inputs = inputs_for(model)
    before = scores_of(model, inputs)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert not any(layer.trainable for layer in norms_of(again))
    assert again.get_layer("rgb_conv1").trainable
    training = again(inputs, training=True)
    np.testing.assert_allclose(training, before, atol=1e-6)


def test_frozen_statistics_do_not_follow_the_clips():
    model = tiny("spatial", backbone=MOBILENET)
    freeze_batch_norm(model, "partial")
    means = {n.name: np.array(n.moving_mean) for n in norms_of(model)}
    model.compile("sgd", "sparse_categorical_crossentropy")
    model.train_on_batch(inputs_for(model), np.zeros(2))
    moved = {
        layer.name
        for layer in norms_of(model)
        if np.any(means[layer.name] != np.array(layer.moving_mean))
    }
    assert moved == {"rgb_conv1_bn"}


class Block(keras.layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.norm = keras.layers.BatchNormalization()

    def build(self, input_shape):
        self.norm.build(input_shape)

    def call(self, inputs):
        return self.norm(inputs)

    # Else Keras traces it, and fills all shapes_only networks on the way.
    def compute_output_shape(self, input_shape):
        return input_shape


def test_batch_normalisation_inside_a_block_is_refused():
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, Block(name="rgb_block")(inputs))
    with pytest.raises(ValueError, match="inside rgb_block, a Block"):
        freeze_batch_norm(model, "frozen")


def test_unknown_policies_are_refused():
    with pytest.raises(ValueError, match="None or one of .*partial.*'all'"):
        freeze_batch_norm(tiny("spatial"), "all")


@pytest.mark.parametrize("size", [(64, 64), (48, 80)])
def test_a_network_within_a_network_is_cut_too(size):
    inner = randomise(
        keras.applications.MobileNet(
            alpha=0.25, weights=None, include_top=False, input_shape=(64, 64, 3)
        )
    )
    x = inputs = keras.Input((64, 64, 3))
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(x)
    network = keras.Model(inputs, inner(x), name="mine")
    model = tiny("conv_relu5", backbone=network, input_shape=size)
    assert model.load_report.reinitialised == ()
    assert model.load_report.inflated == ("flow_conv1",)
    rgb = inputs_for(model)["rgb"]
    part = keras.Model(inner.input, inner.get_layer("conv_pw_11_relu").output)
    resized = keras.models.clone_model(part, keras.Input((*size, 3)))
    resized.set_weights(part.get_weights())
    np.testing.assert_allclose(
        maps_of(model, ["rgb_conv_pw_11_relu"])[0],
        resized(rgb / 127.5 - 1),
        rtol=1e-3,
        atol=1e-4,
    )


def clip_net(steps):
    x = inputs = keras.Input((steps, 32, 32, 3))
    for filters in (4, 6, 8):
        x = keras.layers.Conv3D(
            filters, 3, strides=(1, 2, 2), padding="same", activation="relu"
        )(x)
    return keras.Model(inputs, x, name="clip_net")


@pytest.mark.parametrize("steps", [None, 3])
def test_any_network_of_clips(steps):
    network = clip_net(steps)
    model = tiny("spatial", backbone=network, frames=3, input_shape=(48, 48))
    assert model.input["rgb"].shape == (None, 3, 48, 48, 3)
    np.testing.assert_array_equal(
        model.get_layer("rgb_conv3d_1").kernel, network.layers[2].kernel
    )
    assert backbones.get(network, (48, 48)).resolve("relu4") == "conv3d_2"
    assert scores_of(model).shape == (2, 5)


def test_clips_of_another_length_are_refused():
    with pytest.raises(ValueError, match="clips of 3 frames.*frames=4"):
        tiny("spatial", backbone=clip_net(3), frames=4)
