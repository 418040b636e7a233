import keras
import numpy as np
import pytest
from networks import (
    MOBILENET,
    inputs_for,
    maps_of,
    randomise,
    shapes_only,
    sketch,
    tiny,
)

from keras_twostream import backbones

# One network of each family, small enough to be drawn here.
FAMILIES = [
    "mobilenet",
    "mobilenet_v2",
    "mobilenet_v3small",
    "resnet50",
    "resnet50_v2",
    "efficientnetb0",
    "densenet121",
    "convnexttiny",
    "xception",
    "inception_v3",
]


def test_names():
    names = backbones.list_backbones()
    assert {"vgg_m_2048", "vgg16", *FAMILIES} <= {*names}
    assert names == sorted(names)


@pytest.mark.parametrize("wrong", ["mobilnet", "vgg", None, 3])
def test_unknown_names_are_refused(wrong):
    with pytest.raises(ValueError, match="There are: .*mobilenet"):
        backbones.get(wrong)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("mobilenet:beta=1", "does not take these options"),
        ("mobilenet:alpha", "look like alpha=0.25"),
        ("mobilenet:alpha=open('x')", "look like alpha=0.25"),
    ],
)
def test_wrong_options_are_refused(name, message):
    with pytest.raises(ValueError, match=message):
        backbones.get(name)


def test_an_instance_is_itself():
    backbone = backbones.get("vgg16")
    assert backbones.get(backbone) is backbone


@pytest.mark.parametrize("name", FAMILIES)
def test_any_application_is_fused_at_relu5(name):
    with shapes_only():
        backbone = backbones.get(name)
    stage = backbone.stages[backbone.resolve("relu5")]
    assert stage.stride == 16
    later = [s for s in backbone.stages.values() if s.stride > 16]
    assert later, "something must be left to learn from the fused map"
    strides = [s.stride for s in backbone.stages.values() if s.stride]
    assert strides == sorted(strides)
    for location, stride in {"relu2": 2, "relu3": 4, "relu4": 8}.items():
        if location in backbone.aliases:
            assert backbone.stages[backbone.resolve(location)].stride == stride


@pytest.mark.parametrize(
    "name", ["mobilenet", "resnet50", "efficientnetb0", "convnexttiny"]
)
def test_bodies_have_as_many_parameters_as_keras_says(name):
    with shapes_only():
        network = backbones.get(name, (64, 64)).network
    model = sketch("spatial", backbone=name, input_shape=(64, 64))
    head = model.get_layer("rgb_fc8").count_params()
    assert model.count_params() - head == network.count_params()


@pytest.mark.parametrize("cut", ["conv_dw_3_relu", "conv_pw_11_relu"])
def test_a_cut_network_computes_what_the_whole_one_does(cut):
    network = keras.applications.MobileNet(
        alpha=0.25, weights=None, include_top=False, input_shape=(32, 32, 3)
    )
    randomise(network)
    model = tiny(fusion="max", location=cut, backbone=network)
    whole = keras.Model(network.input, network.get_layer(cut).output)
    inputs = inputs_for(model)
    ours = maps_of(model, [f"rgb_{cut}"], inputs)[0]
    np.testing.assert_allclose(ours, whole(inputs["rgb"]), rtol=1e-4, atol=1e-5)
    assert ours.max() > 0.05


def test_the_paper_s_words_mean_the_last_stage_of_their_stride():
    backbone = backbones.get(MOBILENET, (64, 64))
    expected = {
        "relu2": "conv_pw_1_relu",
        "relu3": "conv_pw_3_relu",
        "relu4": "conv_pw_5_relu",
        "relu5": "conv_pw_11_relu",
        "fc6": "avg_pool",
        "fc8": "fc8",
        "conv_pw_7_relu": "conv_pw_7_relu",
    }
    for location, stage in expected.items():
        assert backbone.resolve(location) == stage


def test_vgg16_is_known_by_both_of_its_namings():
    backbone = backbones.get("vgg16")
    assert backbone.resolve("relu5_3") == backbone.resolve("relu5") == "relu5"
    assert backbone.resolve("relu3_2") == "relu3_2"
    assert backbone.resolve("fc6") == "relu6"
    assert backbone.stages["relu5"] == backbones.Stage("relu5", 16, 512)


def test_unknown_stages_list_what_there_is():
    with pytest.raises(ValueError, match="Did you mean relu5.*There are: "):
        backbones.get("vgg_m_2048").resolve("relu55")


def test_every_vgg_layer_is_a_stage_where_streams_could_be_fused():
    backbone = backbones.get("vgg_m_2048")
    assert backbone.stages["conv3"] == backbones.Stage("conv3", 16, 512)
    assert backbone.stages["relu1"].stride == 2
    assert backbone.stages["relu2"].stride == 8
    assert backbone.stages["relu7"] == backbones.Stage("relu7", 0, 2048)


@pytest.mark.parametrize("name", ["mobilenet_v3small", "xception"])
def test_stage_names_do_not_depend_on_what_was_made_before(name):
    stages = []
    for count in (0, 7):
        # Keras numbers unnamed layers through the whole process.
        for _ in range(count):
            keras.layers.ReLU(), keras.layers.Conv2D(1, 1), keras.layers.Add()
        with shapes_only():
            stages.append([*backbones.get(name, (96, 96)).stages])
    assert stages[0] == stages[1]
    assert {"re_lu_2", "add_1"} & {*stages[0]}


def conv_net(shape=(32, 32, 3)):
    x = inputs = keras.Input(shape)
    for filters in (4, 6, 8):
        x = keras.layers.Conv2D(
            filters, 3, strides=2, padding="same", activation="relu"
        )(x)
    return keras.Model(inputs, x)


@pytest.mark.parametrize("shape", [(32, 32, 3), (None, None, 3), (48, 40, 3)])
def test_a_network_of_ones_own_keeps_its_weights(shape):
    network = conv_net(shape)
    model = tiny(fusion="sum", location="relu4", backbone=network)
    names = ["rgb_conv2d_2", "flow_conv2d_2"]
    last = [layer for layer in network.layers if layer.weights][-1]
    for name in names:
        kernel = model.get_layer(name).kernel
        np.testing.assert_array_equal(kernel, last.kernel)
    whole = keras.models.clone_model(network, keras.Input((32, 32, 3)))
    whole.set_weights(network.get_weights())
    inputs = inputs_for(model)
    ours = maps_of(model, names[:1], inputs)[0]
    np.testing.assert_allclose(ours, whole(inputs["rgb"]), rtol=1e-4, atol=1e-3)


def test_a_sequential_network_of_ones_own():
    network = keras.Sequential(
        [
            keras.Input((32, 32, 3)),
            keras.layers.Conv2D(4, 3, strides=4, name="stem"),
            keras.layers.Conv2D(4, 3, strides=4, name="end"),
        ],
        name="mine",
    )
    model = tiny(fusion="conv", location="stem", backbone=network)
    np.testing.assert_array_equal(
        model.get_layer("rgb_end").kernel, network.get_layer("end").kernel
    )


class Subclassed(keras.Model):
    def call(self, inputs):
        return inputs


def with_classifier():
    network = conv_net()
    x = keras.layers.GlobalAveragePooling2D()(network.output)
    return keras.Model(network.input, x)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (Subclassed, "from one image to one map"),
        (keras.Sequential, "from one image to one map"),
        (with_classifier, "from one image to one map"),
    ],
)
def test_networks_that_cannot_be_cut_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        tiny("conv_relu5", backbone=make())


def test_batch_normalisation_follows_small_sets():
    # At Keras's 0.99 a network that learnt for 60 steps answers by the
    # statistics of ImageNet still.
    model = sketch("conv_relu5", backbone=MOBILENET)
    layers = [
        layer
        for layer in model.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert layers
    assert max(layer.momentum for layer in layers) <= 0.9
