"""Published Keras files of I3D, as networks of this library."""

import h5py
import i3d_files
import keras
import numpy as np
import pytest
from networks import maps_of, scores_of

from keras_twostream import build, read_record
from keras_twostream.converters import convert, keras_i3d

CLASSES = 6
# Odd, so that padding is uneven; three steps are left for two windows.
SIZES = {"frames": 17, "image_size": (33, 40)}
CHANNELS = {"rgb": 3, "flow": 2}
ENDS = [
    "Conv3d_1a_7x7",
    "MaxPool3d_2a_3x3",
    "Conv3d_2b_1x1",
    "Conv3d_2c_3x3",
    "MaxPool3d_3a_3x3",
    "Mixed_3b",
    "Mixed_3c",
    "MaxPool3d_4a_3x3",
    *(f"Mixed_4{letter}" for letter in "bcdef"),
    "MaxPool3d_5a_2x2",
    "Mixed_5b",
    "Mixed_5c",
]


@pytest.fixture(scope="module")
def arrays():
    """Stream -> arrays of a whole network."""
    return {
        stream: i3d_files.random_arrays(count, CLASSES, seed)
        for seed, (stream, count) in enumerate(CHANNELS.items())
    }


@pytest.fixture(scope="module")
def files(arrays, tmp_path_factory):
    """Stream -> file of it."""
    folder = tmp_path_factory.mktemp("i3d")
    return {
        stream: i3d_files.write(folder / f"{stream}.h5", own)
        for stream, own in arrays.items()
    }


@pytest.fixture
def clip(rng):
    """Frames and flow, of which some is too fast."""
    shape = (1, SIZES["frames"], *SIZES["image_size"])
    return {
        "rgb": rng.uniform(0, 255, (*shape, 3)).astype("float32"),
        "flow": rng.normal(0, 12, (*shape, 2)).astype("float32"),
    }


def reference(arrays, stream, clip):
    """Returns what the source makes of a clip, by endpoint."""
    if stream == "rgb":
        x = clip["rgb"] / 255 * 2 - 1
    else:
        x = np.clip(clip["flow"], -20, 20) / 20
    return i3d_files.run(arrays[stream], x)


@pytest.mark.parametrize("stream", CHANNELS)
def test_every_endpoint_is_the_source_s(stream, files, arrays, clip):
    model = convert(files[stream], **SIZES)
    expected = reference(arrays, stream, clip)
    names = [f"{stream}_{name}" for name in ENDS]
    names.append(f"{stream}_fc8")
    assert [*expected] == [*ENDS, "Logits"]
    maps = maps_of(model, names, {stream: clip[stream]})
    for name, ours, theirs in zip(names, maps, expected.values(), strict=True):
        assert ours.shape == theirs.shape
        scale = np.abs(theirs).max()
        assert scale > 0.1, name
        assert np.abs(ours - theirs).max() < 1e-4 * max(scale, 1), name


def test_two_files_are_the_two_stream_network(files, arrays, clip):
    names = [*"abcdef"]
    model = convert(
        files["rgb"], flow_path=files["flow"], class_names=names, **SIZES
    )
    summed = sum(reference(arrays, s, clip)["Logits"] for s in CHANNELS)
    (logits,) = maps_of(model, ["fc8_average"], clip)
    np.testing.assert_allclose(2 * logits, summed, atol=1e-4)
    assert scores_of(model, clip).argmax() == summed.argmax()
    report = model.load_report
    assert (report.missing, report.unused, report.reinitialised) == ((),) * 3
    record = read_record(model)
    assert record.class_names == tuple(names)
    assert (record.frames, record.flow_frames) == (17, 1)
    assert record.flow == keras_i3d.FLOW
    assert (record.flow.algorithm, record.flow.fps) == ("tvl1", 25.0)
    assert record.network["name"] == "i3d"


def test_a_converted_network_is_saved_and_opened(files, clip, tmp_path):
    model = convert(files["flow"], stream="flow", **SIZES)
    assert model.name == "i3d"
    model.save(tmp_path / "flow.keras")
    again = keras.saving.load_model(tmp_path / "flow.keras")
    inputs = {"flow": clip["flow"]}
    ours, theirs = scores_of(model, inputs), scores_of(again, inputs)
    np.testing.assert_allclose(ours, theirs, atol=1e-6)


def test_files_without_top_are_for_training(arrays, tmp_path):
    body = {k: v for k, v in arrays["rgb"].items() if k != i3d_files.HEAD}
    path = i3d_files.write(tmp_path / "rgb_notop.h5", body)
    with pytest.raises(ValueError, match=r"rgb_notop.h5 has no classifier"):
        convert(path, **SIZES)
    model = build(
        "i3d", streams="rgb", num_classes=3, weights=path, frames=8,
        input_shape=(32, 32),
    )  # fmt: skip
    assert model.load_report.missing == ("rgb_fc8",)
    assert len(model.load_report.loaded) == 2 * 57
    kernel = model.get_layer("rgb_Conv3d_4e_2b_3x3_conv").kernel
    expected = body["Conv3d_4e_2b_3x3_conv"][0][1]
    np.testing.assert_array_equal(kernel, expected)


def without(layers, name):
    return {key: value for key, value in layers.items() if key != name}


def with_kernel(layers, name, *shape):
    kernel = np.zeros(shape, "float32")
    return layers | {name: [("kernel:0", kernel), *layers[name][1:]]}


WRONG = {
    "missing layer": (
        lambda own: without(own, "Conv3d_4e_1b_3x3_bn"),
        r"wrong.h5: the layer Conv3d_4e_1b_3x3_bn must.*no such layer",
    ),
    "missing first layer": (
        lambda own: without(own, keras_i3d.FIRST),
        r"wrong.h5 must hold I3D, whose first layer.*Found: \['Conv3d_1a",
    ),
    "wrong shape": (
        lambda own: with_kernel(
            own, "Conv3d_5b_0a_1x1_conv", 1, 1, 1, 832, 255
        ),
        r"Conv3d_5b_0a_1x1_conv must have .*832, 256\).*832, 255\)",
    ),
    "fewer arrays": (
        lambda own: own | {"Conv3d_3b_0a_1x1_bn": [("beta:0", np.zeros(64))]},
        r"Conv3d_3b_0a_1x1_bn must have arrays of \[\(64,\), \(64,\), \(64,\)",
    ),
    "stacks of flow": (
        lambda own: with_kernel(own, keras_i3d.FIRST, 7, 7, 7, 20, 64),
        r"3 or 2, 64\)\. Found: .*\(7, 7, 7, 20, 64\)",
    ),
    "other order of axes": (
        lambda own: with_kernel(own, keras_i3d.FIRST, 64, 3, 7, 7, 7),
        r"Found: Conv3d_1a_7x7_conv of \(64, 3, 7, 7, 7\)",
    ),
    "more layers": (
        lambda own: own | {"lstm_1": [("kernel:0", np.zeros((2, 2)))]},
        r"wrong.h5 holds layers that I3D has not: lstm_1",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "message"), WRONG.values(), ids=WRONG)
def test_wrong_files_are_refused(change, message, arrays, tmp_path):
    path = i3d_files.write(tmp_path / "wrong.h5", change(arrays["rgb"]))
    with pytest.raises(ValueError, match=f"(?s){message}"):
        convert(path, **SIZES)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.999])
def test_truncated_files_are_refused(share, files, tmp_path):
    content = files["rgb"].read_bytes()
    path = tmp_path / "cut.h5"
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"cut.h5 is not a whole weights file"):
        convert(path, **SIZES)


def test_files_of_something_else_are_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match="none.h5"):
        convert(tmp_path / "none.h5")
    with h5py.File(tmp_path / "other.h5", "w") as file:
        file["data"] = np.zeros(3)
    with pytest.raises(ValueError, match=r"other.h5 must hold I3D"):
        convert(tmp_path / "other.h5")


def test_streams_that_do_not_fit_are_refused(files, tmp_path):
    rgb, flow = files["rgb"], files["flow"]
    with pytest.raises(ValueError, match=r"rgb.h5 must hold the stream 'flow'"):
        convert(rgb, stream="flow")
    with pytest.raises(ValueError, match=r"flow.h5 must hold .* 'rgb'.*2 chan"):
        convert(flow, flow_path=rgb)
    with pytest.raises(ValueError, match="and no stream"):
        convert(rgb, flow_path=flow, stream="rgb")
    with pytest.raises(ValueError, match="and no stream"):
        convert(rgb, flow_path=rgb)
    with pytest.raises(ValueError, match=r"Found: \[6, 2\]"):
        convert(rgb, class_names=["a", "b"])
    more = i3d_files.random_arrays(2, CLASSES + 1)
    path = i3d_files.write(tmp_path / "more.h5", more)
    with pytest.raises(ValueError, match=r"as each other.*Found: \[6, 7\]"):
        convert(rgb, flow_path=path)


@pytest.mark.slow
def test_the_published_files_give_the_published_logits(test_data):
    """The source's sample: 79 frames, the norm of both streams' summed logits.

    The files have the names under which they are published.
    """
    folder = test_data / "i3d"
    name = "inception_i3d_imagenet_and_kinetics_tf_dim_ordering_tf_kernels"
    weights = {s: folder / f"{s}_{name}.h5" for s in CHANNELS}
    samples = {s: folder / f"v_CricketShot_g04_c01_{s}.npy" for s in CHANNELS}
    missing = [
        path.name
        for path in (*weights.values(), *samples.values())
        if not path.is_file()
    ]
    if missing:
        pytest.skip(f"{folder} lacks {missing}")
    units = {"rgb": lambda x: (x + 1) * 127.5, "flow": lambda x: x * 20}
    clip = {s: units[s](np.load(path)) for s, path in samples.items()}
    model = convert(weights["rgb"], flow_path=weights["flow"], frames=79)
    (logits,) = maps_of(model, ["fc8_average"], clip)
    assert np.linalg.norm(2 * logits) == pytest.approx(138.468643, abs=1e-2)
    assert 2 * logits.max() == pytest.approx(41.8137, abs=1e-2)
