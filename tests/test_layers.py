"""What holds for every layer, and how fusions are looked up."""

import json

import keras
import numpy as np
import pytest
from keras import ops

from keras_twostream import FlowSpec, layers

MAP, CLIP = (2, 4, 6, 3), (2, 4, 5, 6, 3)
FLOW = FlowSpec(algorithm="farneback", bound=7, short_side=None, step=2)

# Layer, with arguments that are not the defaults -> shape of its inputs.
CASES = [
    (layers.AlignResolution("resize"), [MAP, (2, 5, 5, 3)]),
    (layers.AlignResolution("pad"), [CLIP, (2, 4, 6, 5, 3)]),
    (layers.AverageFusion(), [CLIP] * 3),
    (layers.BilinearFusion(epsilon=1e-3), [MAP, (2, 4, 6, 5)]),
    (layers.BilinearPooling(epsilon=1e-3), CLIP),
    (layers.CeilMaxPooling2D(2, 3), MAP),
    (layers.ClassScores("sigmoid", class_names=["a", "b", "c"]), (2, 3)),
    (layers.ConcatFusion(), [MAP, (2, 4, 6, 5)]),
    (layers.Conv3DFusion(5, "gelu", "he_normal"), [CLIP] * 2),
    (
        layers.ConvFusion(3, None, layers.IdentitySum((1, 2))),
        [(2, 3)] * 2,
    ),
    (layers.CeilMaxPooling3D((1, 2, 3), 2), CLIP),
    (layers.FillStreams("mean", [None, (4, 6, 3)]), [MAP]),
    (layers.SameMaxPooling3D((1, 2, 3), 2), CLIP),
    (
        layers.PaddedPooling((1, 2, 3), (1, 2, 2), ((0, 0), (0, 1), (1, 0))),
        CLIP,
    ),
    (layers.FlowPreprocessing("torch", flow=FLOW), (2, 4, 4, 20)),
    (layers.FoldTime(), CLIP),
    (layers.LocalResponseNormalization(3, 1.0, 0.5, 0.6), MAP),
    (layers.MaskStreams("max", frames=1, fused=True), [MAP, MAP, (2, 2)]),
    (layers.MaxFusion(), [MAP] * 2),
    (layers.RGBPreprocessing("caffe"), MAP),
    (layers.StreamMask(0.3, 3, seed=1), MAP),
    (layers.SumFusion([0.5, 2.0]), [MAP] * 2),
    (layers.Temporal2DPool((1, 2), 2, "average"), CLIP),
    (layers.Temporal3DPool((2, 2, 3), (1, 2, 1)), CLIP),
    (layers.TemporalConv(5, (2, 3, 2), 2, "gelu", "he_normal"), CLIP),
    (layers.TemporalLSTM(4, num_layers=2), (2, 4, 3)),
    (layers.TemporalPool("max", segments=3), CLIP),
    (layers.UnfoldTime(2), MAP),
]
# Give float32, whatever the policy: sums and scores, and what is only chosen.
WHOLE = (
    layers.BilinearFusion,
    layers.BilinearPooling,
    layers.ClassScores,
    layers.FillStreams,
    layers.MaskStreams,
    layers.StreamMask,
)
every_layer = pytest.mark.parametrize(
    ("layer", "shapes"), CASES, ids=lambda x: getattr(x, "name", "")
)


def draw(shapes, rng):
    if isinstance(shapes, list):
        return [rng.normal(size=s).astype("float32") for s in shapes]
    return rng.normal(size=shapes).astype("float32")


def arrays_of(outputs):
    return [ops.convert_to_numpy(x) for x in keras.tree.flatten(outputs)]


def fresh(layer, **changes):
    return type(layer).from_config(layer.get_config() | changes)


def test_every_layer_is_tried():
    public = [getattr(layers, name) for name in layers.__all__]
    kinds = {x for x in public if isinstance(x, type)}
    kinds = {x for x in kinds if issubclass(x, keras.layers.Layer)}
    # Layers of samples, not of maps, are tried in `test_augmentation_layers`.
    kinds = {
        x for x in kinds if not issubclass(x, layers.TwoStreamAugmentation)
    }
    assert {type(layer) for layer, _ in CASES} == kinds - {layers.Fusion}


@every_layer
def test_config_survives_json_and_gives_the_same_layer(layer, shapes, rng):
    inputs = draw(shapes, rng)
    layer = fresh(layer)
    expected = arrays_of(layer(inputs))
    config = json.loads(json.dumps(keras.layers.serialize(layer)))
    again = keras.layers.deserialize(config)
    again(inputs)
    again.set_weights(layer.get_weights())
    assert type(again) is type(layer)
    for one, other in zip(expected, arrays_of(again(inputs)), strict=True):
        np.testing.assert_array_equal(one, other)
    assert json.loads(json.dumps(again.get_config())) == config["config"]


@every_layer
def test_the_shape_is_foretold(layer, shapes, rng):
    inputs = draw(shapes, rng)
    layer = fresh(layer)
    actual = [x.shape for x in arrays_of(layer(inputs))]
    told = layer.compute_output_shape(shapes)
    told = told if isinstance(told, list) else [told]
    assert [tuple(shape) for shape in told] == actual
    symbols = keras.tree.map_structure(
        lambda x: keras.KerasTensor((None, *x.shape[1:])), inputs
    )
    symbolic = keras.tree.flatten(fresh(layer)(symbols))
    assert [x.shape[1:] for x in symbolic] == [s[1:] for s in actual]


@every_layer
@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(dtype, layer, shapes, rng):
    inputs = draw(shapes, rng)
    layer, half = fresh(layer), fresh(layer, dtype=dtype)
    exact = arrays_of(layer(inputs))
    half.build(shapes)
    half.set_weights(layer.get_weights())
    for weight in half.weights:
        assert weight.dtype == "float32"
    outputs = keras.tree.flatten(half(inputs))
    for one, other in zip(exact, outputs, strict=True):
        wanted = dtype.removeprefix("mixed_")
        if isinstance(layer, WHOLE):
            wanted = "float32"
        assert keras.backend.standardize_dtype(other.dtype) == wanted
        other = ops.convert_to_numpy(ops.cast(other, "float32"))
        np.testing.assert_allclose(one, other, rtol=0.05, atol=0.05)


@pytest.mark.parametrize("name", layers.FUSIONS)
def test_get_by_name_class_name_and_config(name):
    kind = layers.FUSIONS[name]
    assert type(layers.get(name)) is kind
    assert type(layers.get(kind.__name__)) is kind
    instance = kind(name="mine")
    assert layers.get(instance) is instance
    for config in (
        keras.layers.serialize(instance),
        {"class_name": kind.__name__, "config": {"name": "mine"}},
        {"class_name": name, "config": {"name": "mine"}},
    ):
        again = layers.get(config)
        assert type(again) is kind
        assert again.name == "mine"


def test_get_passes_arguments_on():
    assert layers.get("conv", filters=5).filters == 5
    plain = {"class_name": "conv", "config": {"filters": 5}}
    assert layers.get(plain, activation=None).filters == 5
    assert isinstance(layers.get(keras.layers.Add()), keras.layers.Add)


@pytest.mark.parametrize(
    "wrong", ["konv", None, 3, ["conv"], {}, {"class_name": "konv"}]
)
def test_get_lists_what_there_is(wrong):
    with pytest.raises(ValueError, match=r"there are \['average', .*'sum'\]"):
        layers.get(wrong)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.AlignResolution("stretch"), "'pad', 'resize'"),
        (lambda: layers.RGBPreprocessing("imagenet"), "'unit', 'mean'"),
        (lambda: layers.TemporalPool("median"), "'average', 'max'"),
        (lambda: layers.Temporal2DPool(mode="median"), "'average', 'max'"),
        (lambda: layers.LocalResponseNormalization(size=4), "odd"),
        (lambda: layers.FlowPreprocessing(flow={"bond": 3}), "unknown"),
    ],
)
def test_wrong_arguments_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
