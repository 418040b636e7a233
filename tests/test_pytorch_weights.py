"""TSN checkpoints of PyTorch become networks that answer as they did."""

import re

import keras
import numpy as np
import pytest
import torch_files as files
from keras import ops
from networks import inputs_for, maps_of, scores_of

from keras_twostream import fuse
from keras_twostream.converters.pytorch import convert
from keras_twostream.models.record import read_record

safetensors = pytest.importorskip(
    "safetensors.numpy",
    reason="safetensors, of the extra 'pytorch', is not installed",
)
ACTIONS = ["bend", "jack", "jump", "run", "walk"]
NAMES = {
    "tsn": files.tsn_pytorch,
    "mm": files.mmaction2,
    "mm0": files.mmaction,
}


def converted(tmp_path, state, names="tsn", **options):
    """Returns the network of a state, by way of a file."""
    path = tmp_path / "tsn.safetensors"
    safetensors.save_file(NAMES[names](state), path)
    return convert(path, **options)


def refusal(tmp_path, state, names="tsn", **options):
    """Returns what is said about a state that no network has."""
    with pytest.raises(ValueError, match=r"tsn\.safetensors cannot be") as told:
        converted(tmp_path, state, names, image_size=(32, 32), **options)
    assert str(told.value).count("\n") == 0
    return str(told.value)


CASES = [
    (18, 3, "tsn", (32, 32)),
    (18, 10, "mm", (33, 45)),
    (34, 3, "mm0", (41, 32)),
    (50, 10, "tsn", (33, 32)),
    ("inception", 3, "tsn", (32, 33)),
    ("inception", 10, "mm0", (64, 32)),
]


@pytest.mark.parametrize(("depth", "channels", "names", "size"), CASES)
def test_converted_networks_answer_as_in_pytorch(
    tmp_path, rng, depth, channels, names, size
):
    networks = pytest.importorskip(
        "torch_networks", reason="the references need PyTorch"
    )
    if depth == "inception":
        kind, state = "inception", files.inception(channels)
        reference = networks.Inception(state)
    else:
        kind, state = "resnet", files.resnet(depth, channels)
        reference = networks.ResNet(state, depth)
    model = converted(tmp_path, state, names, image_size=size)
    stream = "rgb" if channels == 3 else "flow"
    low, high = (0, 255) if stream == "rgb" else (-25, 25)
    clips = rng.uniform(low, high, (2, 3, *size, channels)).astype("float32")
    normalise = files.NORMALISED[kind, names.rstrip("0"), stream]
    logits, maps = networks.answer(reference, state, normalise(clips))
    layers = [f"{stream}_{name}" for name in (*maps, "fc8", "fc8_average")]
    *found, frames, mean = maps_of(model, layers, {stream: clips})
    for name, ours, theirs in zip(maps, found, maps.values(), strict=True):
        np.testing.assert_allclose(
            ours, theirs, rtol=1e-4, atol=1e-4, err_msg=name
        )
    assert np.abs(logits).max() > 0.1
    np.testing.assert_allclose(mean, logits, rtol=1e-4, atol=1e-4)
    consensus = frames.reshape(2, 3, -1).mean(1)
    np.testing.assert_allclose(mean, consensus, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(
        scores_of(model, {stream: clips}),
        ops.convert_to_numpy(ops.softmax(logits)),
        atol=1e-4,
    )


@pytest.mark.slow
@pytest.mark.parametrize("depth", [101, 152])
def test_deep_networks_answer_as_in_pytorch(tmp_path, rng, depth):
    networks = pytest.importorskip(
        "torch_networks", reason="the references need PyTorch"
    )
    state = files.resnet(depth, width=2)
    model = converted(tmp_path, state, image_size=(33, 33), frames=1)
    clips = rng.uniform(0, 255, (1, 1, 33, 33, 3)).astype("float32")
    logits, _ = networks.answer(
        networks.ResNet(state, depth),
        state,
        files.NORMALISED["resnet", "tsn", "rgb"](clips),
    )
    (found,) = maps_of(model, ["rgb_fc8_average"], {"rgb": clips})
    np.testing.assert_allclose(found, logits, rtol=1e-4, atol=1e-4)


def test_full_width_has_the_parameters_that_are_known(tmp_path):
    # torchvision's 11,176,512 of ResNet-18 without its last layer.
    state = files.resnet(18, width=64)
    model = converted(tmp_path, state, image_size=(32, 32), frames=1)
    trainable = sum(np.prod(w.shape) for w in model.trainable_weights)
    assert trainable == 11_176_512 + 512 * 5 + 5
    assert len(model.load_report.loaded) == 2 * 20 + 1


@pytest.fixture(scope="module")
def streams(tmp_path_factory):
    """An RGB network and one of flow."""
    folder = tmp_path_factory.mktemp("streams")
    options = {"class_names": ACTIONS, "image_size": (32, 32), "frames": 2}
    return [
        converted(folder, files.resnet(channels=n), names, **options)
        for n, names in ((3, "tsn"), (6, "mm"))
    ]


@pytest.mark.parametrize("index", [0, 1])
def test_the_record_says_how_to_feed_it(streams, index):
    record = read_record(streams[index])
    assert record.class_names == tuple(ACTIONS)
    assert record.streams == (("rgb",), ("flow",))[index]
    assert record.flow_frames == (None, 3)[index]
    assert (record.image_size, record.frames) == ((32, 32), 2)
    flow = record.flow
    assert (flow.algorithm, flow.bound, flow.short_side) == ("tvl1", 20, 256)
    assert (flow.resize, flow.quantization) == ("before", "offset")


@pytest.mark.parametrize("index", [0, 1])
def test_a_converted_network_is_saved_and_loaded(streams, index, tmp_path):
    model = streams[index]
    model.save(tmp_path / "tsn.keras")
    again = keras.saving.load_model(tmp_path / "tsn.keras")
    assert read_record(again) == read_record(model)
    np.testing.assert_allclose(
        scores_of(again, inputs_for(model)), scores_of(model), atol=1e-6
    )


def test_two_converted_networks_fuse(streams):
    rgb, flow = streams
    model = fuse(rgb, flow, at="layer4_1_relu", init=(1, 0))
    assert read_record(model).flow.algorithm == "tvl1"
    inputs = inputs_for(model)
    np.testing.assert_allclose(
        scores_of(model, inputs), scores_of(rgb, inputs), atol=1e-5
    )


def test_the_words_of_the_paper_are_places(streams):
    fused = fuse(*streams, at="relu4").get_layer("relu4_conv").output
    # At stride 8 the second stage ends, of eight filters.
    assert fused.shape[-3:] == (4, 4, 8)
    assert scores_of(fuse(*streams, at="fc8", method="average")).shape == (2, 5)


def wrong(change):
    """Returns a state after a change."""
    state = files.resnet()
    change(state)
    return state


def put(name, shape):
    """Returns a change that sets an array."""
    values = np.ones(shape, "float32")
    return lambda state: state.update({name: values})


WRONG = {
    "layer2.0.bn1.bias is missing": lambda s: s.pop("layer2.0.bn1.bias"),
    "downsample.0.weight is missing": lambda s: s.pop(
        "layer3.0.downsample.0.weight"
    ),
    "fc.bias is missing": lambda s: s.pop("fc.bias"),
    r"more in it .*layer1.0.se.fc1.weight": put(
        "layer1.0.se.fc1.weight", (2, 4)
    ),
    r"conv2.weight must be \(.*Found: \(4, 2, 3, 3\)": put(
        "layer1.0.conv2.weight", (4, 2, 3, 3)
    ),
    r"Found: \(4, 3, 1, 7, 7\)": put("conv1.weight", (4, 3, 1, 7, 7)),
    r"Found: \(2, 2, 2, 2, 3\)": put("layer4.2.conv1.weight", (32, 32, 3, 3)),
    "15 channels is differences": put("conv1.weight", (4, 15, 7, 7)),
    "18 channels is differences": put("conv1.weight", (4, 18, 7, 7)),
    r"Found: \(4, 5, 7, 7\)": put("conv1.weight", (4, 5, 7, 7)),
    r"fc.weight must be \('any', 32\)": put("fc.weight", (5, 33)),
    "must be a ResNet .* or BN-Inception": lambda s: s.pop("conv1.weight"),
}


@pytest.mark.parametrize("words", WRONG)
def test_other_networks_are_refused(tmp_path, words):
    assert re.search(words, refusal(tmp_path, wrong(WRONG[words])))


def test_names_of_other_libraries_are_refused(tmp_path):
    path = tmp_path / "tsn.safetensors"
    safetensors.save_file({"features.0.weight": np.ones((4, 3, 3, 3))}, path)
    with pytest.raises(ValueError, match=r"base_model\..*features\.0\.weight"):
        convert(path)


def test_names_are_one_per_class(tmp_path):
    told = refusal(tmp_path, files.resnet(), class_names=ACTIONS[:2])
    assert "class_names must name 5 classes. Received: 2" in told
