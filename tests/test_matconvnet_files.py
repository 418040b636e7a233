"""Files that cannot be converted are one clear error each."""

import sys

import matconvnet_nets as nets
import pytest
from matconvnet_cases import flow_stream, flow_stream_7_3, stream
from matconvnet_files import Structs, row, write

from keras_twostream.converters.matconvnet import convert


@pytest.fixture
def path(tmp_path):
    return tmp_path / "net.mat"


def altered(name, **changes):
    """Returns a residual network with one layer changed."""
    net = nets.finished(nets.resnet(), row(0, 0), (64, 64, 3))
    for layer in net["layers"]:
        if layer["name"] == name:
            block = {**layer["block"], **changes.pop("block", {})}
            layer |= changes | {"block": block}
    return net


REFUSED = {
    "another_type": (
        altered("pool1", type="dagnn.SpatialNorm"),
        "layer 'pool1' of type dagnn.SpatialNorm is not.*known types.*lrn",
    ),
    "leak": (
        altered("conv1_relu", block={"leak": 0.1}),
        "'conv1_relu' of type dagnn.ReLU.*leaks",
    ),
    "dilation": (
        altered("conv1", block={"dilate": row(2, 2)}),
        "'conv1' of type dagnn.Conv .*dilated",
    ),
    "method": (
        altered("pool5", block={"method": "l2"}),
        "'pool5'.*method must be max or avg",
    ),
    "pads": (
        altered("pool1", block={"pad": row(0, 1, 0)}),
        "'pool1'.*pad must be 4 numbers",
    ),
    "moments": (
        altered("bn_conv1", params=["bn_conv1_mult", "bn_conv1_bias"]),
        "'bn_conv1'.*moments",
    ),
    "channels": (
        altered("fc1000", inputs=["pool1"]),
        "'fc1000'.*filters are for 12 channels",
    ),
    "a_circle": (altered("pool1", inputs=["res3b"]), "cycle"),
    "no_scores": (
        {"layers": Structs(stream(3)["layers"][-1:])},
        "no layer of it makes scores",
    ),
    "a_missing_array": (
        altered("bn_conv1", params=["bn_conv1_mult", "nothing"]),
        "lacks something: KeyError: 'nothing'",
    ),
    "clips": (
        altered("pool1", type="dagnn.Conv3D"),
        "it is of clips; pass frames",
    ),
    "no_layers": ({"vars": []}, "holds no network of MatConvNet"),
    "no_types": ({"layers": [{"name": "conv1"}]}, "holds no network"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_understood_is_named(case, path):
    net, message = REFUSED[case]
    with pytest.raises(ValueError, match=message) as caught:
        convert(write(path, {"net": net}))
    assert str(path) in str(caught.value)


def test_files_that_are_no_network(path, tmp_path):
    write(path, {"images": row(1, 2)})
    with pytest.raises(ValueError, match="holds no network.*neither"):
        convert(path)
    path.write_bytes(b"not a file of MATLAB at all, but long enough" * 9)
    with pytest.raises(ValueError, match="damaged or no file of MATLAB"):
        convert(path)
    other = path.rename(tmp_path / "net.h5")
    with pytest.raises(ValueError, match=r"end in \.mat\. Received"):
        convert(other)


@pytest.mark.parametrize("make", [flow_stream, flow_stream_7_3])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.99])
def test_a_truncated_file_is_one_clear_error(make, share, path):
    make(path)
    content = path.read_bytes()
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match="damaged or no file of MATLAB"):
        convert(path)


def test_scipy_is_asked_for_in_one_sentence(path, monkeypatch):
    flow_stream(path)
    monkeypatch.setitem(sys.modules, "scipy.io", None)
    with pytest.raises(ImportError, match=r"pip install 'keras_twostream\[mat"):
        convert(path)
