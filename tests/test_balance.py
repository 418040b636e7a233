"""How much each stream is used at every fusion: `stream_balance`."""

import keras
import numpy as np
import pytest
from networks import inputs_for, tiny

from keras_twostream import layers
from keras_twostream.models.balance import stream_balance
from keras_twostream.models.subset import keep_streams

SHAPE = (2, 3, 4, 4, 5)


def fused(fusion):
    """Returns a network that is a fusion alone, flow first."""
    inputs = {k: keras.Input(SHAPE[1:], name=k) for k in ("flow", "rgb")}
    return keras.Model(inputs, fusion([*inputs.values()]))


def check(balance, **expected):
    (shares,) = balance.values()
    assert sum(shares.values()) == pytest.approx(1)
    assert shares == pytest.approx(expected, abs=1e-5)


@pytest.fixture
def maps(rng):
    """Maps of which flow's is on average three times as large."""
    rgb = np.abs(rng.normal(size=SHAPE)).astype("float32")
    return {"rgb": rgb, "flow": 3 * rgb[..., ::-1]}


@pytest.mark.parametrize("kind", ["conv", "conv3d"])
def test_convolutions_start_as_the_paper_weighs_streams(kind, maps):
    model = fused(layers.get(kind))
    check(stream_balance(model), flow=0.25, rgb=0.75)
    zeros = {k: np.zeros(SHAPE, "float32") for k in maps}
    check(stream_balance(model, zeros), flow=0.5, rgb=0.5)
    if kind == "conv":
        check(stream_balance(model, maps), flow=0.5, rgb=0.5)


def test_contributions_of_a_convolution_add_up_to_its_product(rng):
    layer = layers.Conv3DFusion(4, None, "glorot_uniform")
    maps = [rng.normal(size=(1, 3, 4, 4, c)).astype("float32") for c in (2, 5)]
    expected = keras.ops.convert_to_numpy(layer(maps))
    parts = map(keras.ops.convert_to_numpy, layer.contributions(maps))
    np.testing.assert_allclose(sum(parts), expected, atol=1e-5)


def test_kernels_that_do_not_see_a_stream_say_so():
    initializer = layers.IdentitySum((0.0, 2.0))
    model = fused(layers.ConvFusion(kernel_initializer=initializer))
    check(stream_balance(model), flow=0, rgb=1)


@pytest.mark.parametrize(
    ("fusion", "by_weights", "by_maps"),
    [
        (layers.SumFusion(), 0.5, 0.75),
        (layers.SumFusion([-2.0, 2.0 / 3]), 0.75, 0.9),
        (layers.AverageFusion(), 0.5, 0.75),
        (layers.ConcatFusion(), 0.5, 0.75),
        (layers.BilinearFusion(), 0.5, 0.75),
    ],
    ids=lambda x: getattr(x, "name", x),
)
def test_shares_of_other_fusions(fusion, by_weights, by_maps, maps):
    model = fused(fusion)
    check(stream_balance(model), flow=by_weights, rgb=1 - by_weights)
    check(stream_balance(model, maps), flow=by_maps, rgb=1 - by_maps)


def test_the_share_of_a_maximum_is_that_of_places_it_wins():
    rgb = np.zeros(SHAPE, "float32")
    flow = rgb.copy()
    rgb[0, 0, 0, 0, :1] = flow[0, 0, 1, 0, :3] = 1
    model = fused(layers.MaxFusion())
    check(
        stream_balance(model, {"rgb": rgb, "flow": flow}), flow=3 / 4, rgb=1 / 4
    )
    check(stream_balance(model, {"rgb": rgb, "flow": rgb}), flow=0.5, rgb=0.5)


@pytest.mark.parametrize("options", [{}, {"frames": 3}], ids=str)
def test_every_fusion_of_a_network_is_read(options):
    model = tiny("conv_relu5_fc8", **options)
    by_weights = stream_balance(model)
    assert [*by_weights] == ["relu5_conv", "fc8_sum"]
    assert by_weights["relu5_conv"] == pytest.approx(
        {"rgb": 0.25, "flow": 0.75}
    )
    by_maps = stream_balance(model, inputs_for(model))
    assert [*by_maps] == [*by_weights]
    for shares in by_maps.values():
        assert sum(shares.values()) == pytest.approx(1)
        assert 0 < shares["flow"] < 1


@pytest.mark.parametrize("options", [{"stream_dropout": 0.5}, {}], ids=str)
def test_streams_are_found_behind_masks_and_fillings(options):
    model = tiny("conv_relu5", **options)
    shares = {"rgb": 0.25, "flow": 0.75}
    check(stream_balance(model), **shares)
    check(stream_balance(keep_streams(model, "flow")), flow=1)
    check(stream_balance(model), **shares)
    assert stream_balance(tiny("spatial")) == {}


def test_aligned_streams_keep_their_names():
    inputs = {
        "rgb": keras.Input((4, 4, 3), name="rgb"),
        "flow": keras.Input((3, 5, 3), name="flow"),
    }
    maps = layers.AlignResolution("resize")([*inputs.values()])
    model = keras.Model(inputs, layers.ConvFusion()(maps))
    check(stream_balance(model), rgb=0.25, flow=0.75)


def test_a_network_without_streams_is_refused():
    plain = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    with pytest.raises(ValueError, match="dict of inputs"):
        stream_balance(plain)
    with pytest.raises(ValueError, match="flow"):
        stream_balance(tiny("conv_relu5"), {"rgb": np.zeros((1, 32, 32, 3))})
