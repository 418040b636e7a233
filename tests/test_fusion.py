import keras
import numpy as np
import pytest
import references
from keras import ops

from keras_twostream import layers

SHAPES = {2: (2, 7), 4: (2, 3, 4, 7), 5: (2, 3, 4, 5, 7)}
LOW_PRECISION = ("float16", "bfloat16", "mixed_float16", "mixed_bfloat16")

# Fusion without parameters -> what it does to a list of arrays.
POINTWISE = [
    (layers.SumFusion(), sum),
    (layers.AverageFusion(), lambda maps: np.mean(maps, axis=0)),
    (layers.MaxFusion(), lambda maps: np.max(maps, axis=0)),
    (layers.ConcatFusion(), lambda maps: np.concatenate(maps, axis=-1)),
]


def draw(rng, count=2, shape=SHAPES[4]):
    return [rng.normal(size=shape).astype("float32") for _ in range(count)]


def relu(x):
    return np.maximum(x, 0)


@pytest.mark.parametrize("rank", SHAPES)
@pytest.mark.parametrize("streams", [2, 3])
@pytest.mark.parametrize(
    ("layer", "reference"), POINTWISE, ids=lambda x: type(x).__name__
)
def test_pointwise_fusions(layer, reference, streams, rank, rng):
    maps = draw(rng, streams, SHAPES[rank])
    fresh = type(layer)()
    np.testing.assert_allclose(fresh(maps), reference(maps), atol=1e-6)


def test_sum_multiplies_by_the_weights_of_the_streams(rng):
    a, b, c = draw(rng, 3)
    layer = layers.SumFusion(stream_weights=[0.5, 2, -1])
    np.testing.assert_allclose(layer([a, b, c]), a / 2 + 2 * b - c, atol=1e-6)
    with pytest.raises(ValueError, match=r"one number for each of the 2"):
        layers.SumFusion([1, 1, 1])([a, b])


@pytest.mark.parametrize("rank", SHAPES)
def test_conv_starts_as_the_papers_weighted_sum(rank, rng):
    a, b = draw(rng, shape=SHAPES[rank])
    expected = 0.25 * a + 0.75 * b
    np.testing.assert_allclose(
        layers.ConvFusion()([a, b]), relu(expected), atol=1e-6
    )
    np.testing.assert_allclose(
        layers.ConvFusion(activation=None)([a, b]), expected, atol=1e-6
    )


def test_conv_of_three_streams_starts_as_their_sum(rng):
    maps = draw(rng, 3)
    fused = layers.ConvFusion()(maps)
    np.testing.assert_allclose(fused, relu(sum(maps)), atol=1e-6)


def test_conv_can_start_as_one_of_its_streams(rng):
    a, b = draw(rng)
    identity = layers.IdentitySum((1, 0))
    layer = layers.ConvFusion(kernel_initializer=identity)
    np.testing.assert_allclose(layer([a, b]), relu(a), atol=1e-6)


@pytest.mark.parametrize("rank", SHAPES)
@pytest.mark.parametrize("streams", [2, 3])
def test_conv_multiplies_the_stacked_channels(streams, rank, rng):
    maps = draw(rng, streams, SHAPES[rank])
    maps[1] = maps[1][..., :5]
    layer = layers.ConvFusion(filters=4, kernel_initializer="glorot_uniform")
    layer(maps)
    kernel, bias = layer.get_weights()
    bias = rng.normal(size=bias.shape)
    layer.set_weights([kernel, bias])
    expected = np.concatenate(maps, axis=-1) @ kernel + bias
    np.testing.assert_allclose(layer(maps), relu(expected), atol=1e-5)


def test_conv_has_twice_the_channels_squared_and_a_bias():
    layer = layers.ConvFusion()
    layer.build([(None, 13, 13, 512)] * 2)
    assert layer.count_params() == 2 * 512 * 512 + 512


def test_conv3d_starts_as_the_blurred_weighted_sum(rng):
    a, b = draw(rng, shape=SHAPES[5])
    layer = layers.Conv3DFusion(activation=None)
    fused = layer([a, b])
    kernel, bias = layer.get_weights()
    blur = kernel[..., 0, 0] / 0.25
    expected = {0: 0.092261, 1: 0.055959, 2: 0.033941, 3: 0.020586}
    for cell in np.ndindex(3, 3, 3):
        distance = np.count_nonzero(np.array(cell) - 1)
        assert blur[cell] == pytest.approx(expected[distance], abs=5e-7)
    identity = np.eye(7)
    np.testing.assert_allclose(
        kernel[1, 1, 1, :7], 0.25 * 0.092261 * identity, atol=1e-6
    )
    np.testing.assert_allclose(
        kernel[1, 1, 1, 7:], 0.75 * 0.092261 * identity, atol=1e-6
    )
    stacked = np.concatenate([a, b], axis=-1)
    by_hand = references.conv3d(stacked, kernel, bias)
    np.testing.assert_allclose(fused, by_hand, atol=1e-5)


@pytest.mark.parametrize("streams", [2, 3])
def test_conv3d_correlates_over_time_and_space(streams, rng):
    maps = draw(rng, streams, SHAPES[5])
    layer = layers.Conv3DFusion(filters=4, kernel_initializer="glorot_normal")
    fused = layer(maps)
    stacked = np.concatenate(maps, axis=-1)
    expected = references.conv3d(stacked, *layer.get_weights())
    np.testing.assert_allclose(fused, relu(expected), atol=1e-5)


@pytest.mark.parametrize("rank", [4, 5])
def test_bilinear_sums_outer_products(rank, rng):
    a, b = draw(rng, shape=SHAPES[rank])
    b = b[..., :5]
    layer = layers.BilinearFusion()
    expected = references.bilinear(a, b, layer.epsilon)
    np.testing.assert_allclose(layer([a, b]), expected, atol=1e-5)
    assert layer.compute_output_shape([a.shape, b.shape]) == (2, 35)


@pytest.mark.parametrize("dtype", ["float32", *LOW_PRECISION])
@pytest.mark.parametrize("scale", [0.0, 1e-8, 1.0, 2e4])
def test_bilinear_has_finite_gradients(dtype, scale, rng, policy):
    policy(dtype)
    maps = [scale * x for x in draw(rng, shape=(2, 4, 4, 3))]
    gradients = gradients_of(layers.BilinearFusion(), maps)
    for gradient in gradients:
        assert np.isfinite(gradient).all()
    if scale == 1:
        assert all(np.abs(gradient).max() > 0 for gradient in gradients)


def gradients_of(layer, maps):
    """Returns the gradients of the summed output, by TensorFlow."""
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() != "tensorflow":
        pytest.skip("takes gradients by TensorFlow's tape")
    tensors = [tf.constant(x) for x in maps]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        total = ops.sum(layer(tensors) ** 3 + layer(tensors))
    return [np.asarray(g, "float64") for g in tape.gradient(total, tensors)]


@pytest.mark.parametrize("dtype", LOW_PRECISION)
def test_bilinear_does_not_overflow_in_half_precision(dtype, rng):
    # Sums of 196 products of 60 x 60 are beyond float16's largest number.
    a, b = (60 + x.astype("float16") for x in draw(rng, shape=(1, 14, 14, 3)))
    fused = np.asarray(layers.BilinearFusion(dtype=dtype)([a, b]), "float32")
    expected = references.bilinear(
        a.astype("float32"), b.astype("float32"), 1e-6
    )
    np.testing.assert_allclose(fused, expected, atol=2e-3)


REFUSED = [
    (layers.SumFusion, [(2, 3)], "two or more"),
    (layers.SumFusion, [(2, 3), (2, 4)], "equal shapes"),
    (layers.SumFusion, [(2, 3, 3)] * 2, r"image maps \(4-D\)"),
    (layers.ConvFusion, [(1, 4, 4, 2), (1, 5, 5, 2)], "AlignResolution"),
    (layers.Conv3DFusion, [(1, 4, 4, 2)] * 2, r"clip maps \(5-D\)"),
    (layers.BilinearFusion, [(2, 7)] * 2, "image maps"),
    (layers.BilinearFusion, [(1, 2, 2, 3)] * 3, "exactly 2 streams"),
]


@pytest.mark.parametrize(("fusion", "shapes", "message"), REFUSED)
def test_what_cannot_be_fused_is_refused(fusion, shapes, message):
    with pytest.raises(ValueError, match=message):
        fusion()([np.ones(shape, "float32") for shape in shapes])


def test_a_single_tensor_is_refused():
    with pytest.raises(ValueError, match="list of tensors"):
        layers.MaxFusion()(np.ones((2, 3)))
