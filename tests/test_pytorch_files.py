"""Files of PyTorch are read without running anything in them."""

import sys
import types

import numpy as np
import pytest
import torch_files as files

from keras_twostream.converters.torch_files import read_tensors
from keras_twostream.converters.torch_names import renamed

STATE = {"base_model.conv1.weight": np.arange(6.0, dtype="float32")}


@pytest.fixture
def torch():
    return pytest.importorskip(
        "torch", reason="PyTorch, of the extra 'pytorch', is not installed"
    )


@pytest.fixture
def safetensors():
    return pytest.importorskip(
        "safetensors.numpy",
        reason="safetensors, of the extra 'pytorch', is not installed",
    )


@pytest.fixture
def tensors(torch):
    return {name: torch.from_numpy(x) for name, x in STATE.items()}


@pytest.fixture
def written(torch, tmp_path):
    """Writes a file by `torch.save`, and returns its path."""

    def write(content, name="tsn.pth", **options):
        torch.save(content, tmp_path / name, **options)
        return tmp_path / name

    return write


def told_of(path):
    """Returns the one sentence by which a file is refused."""
    with pytest.raises(ValueError, match=path.name) as told:
        read_tensors(path)
    assert "\n" not in str(told.value)
    return str(told.value)


def same(found, expected=STATE):
    assert [*found] == [*expected]
    for name, values in expected.items():
        assert found[name].dtype == np.float32
        np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize("name", ["a.pth", "a.pt", "a.pth.tar"])
@pytest.mark.parametrize("zipped", [True, False])
def test_checkpoints_are_read_in_both_formats(written, tensors, name, zipped):
    options = {"_use_new_zipfile_serialization": zipped}
    same(read_tensors(written(tensors, name, **options)))
    checkpoint = {
        "epoch": 80,
        "arch": "resnet101",
        "best_prec1": next(iter(tensors.values()))[1],
        "meta": {"CLASSES": ("run", "walk"), "time": "today", "iter": 3},
        "optimizer": {"state": {}, "param_groups": [{"lr": 0.1}]},
        "state_dict": tensors,
    }
    same(read_tensors(written(checkpoint, name, **options)))


def test_safetensors_are_read(safetensors, tmp_path):
    path = tmp_path / "tsn.safetensors"
    safetensors.save_file(STATE, path)
    same(read_tensors(path))


def test_numbers_become_float32_and_counters_are_left_out(torch, written):
    halves = {
        name: torch.nn.Parameter(torch.arange(6).to(dtype))
        for name, dtype in (("a", torch.float16), ("b", torch.bfloat16))
    }
    halves["bn1.num_batches_tracked"] = torch.tensor(7)
    found = read_tensors(written(halves))
    same(found, {"a": np.arange(6.0), "b": np.arange(6.0)})


@pytest.mark.parametrize("zipped", [True, False])
def test_a_payload_is_not_run(written, tensors, tmp_path, monkeypatch, zipped):
    # It overrides PyTorch's default, not what a call says.
    monkeypatch.setenv("TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD", "1")
    trace = tmp_path / "trace"

    class Payload:
        def __reduce__(self):
            return open, (str(trace), "w")

    path = written(
        {"state_dict": tensors, "meta": Payload()},
        _use_new_zipfile_serialization=zipped,
    )
    assert "holds io.open beside its arrays" in told_of(path)
    assert not trace.exists()


def test_a_bare_pickle_is_not_run(torch, tmp_path):
    path, trace = tmp_path / "tsn.pth", tmp_path / "trace"
    path.write_bytes(b"cos\nsystem\n(S'touch %b'\ntR." % str(trace).encode())
    assert "system" in told_of(path)
    assert not trace.exists()


def test_what_a_checkpoint_holds_beside_its_arrays_is_named(written, tensors):
    path = written({"state_dict": tensors, "meta": types.SimpleNamespace(a=1)})
    told = told_of(path)
    assert "types.SimpleNamespace" in told
    assert "weights_only=False" in told
    assert "['state_dict'], NEW_PATH" in told


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_damaged_checkpoints_are_refused(written, tensors, zipped, share):
    path = written(tensors, _use_new_zipfile_serialization=zipped)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "damaged" in told_of(path)


@pytest.mark.parametrize("data", [b"", b"<html>404</html>", b"PK\3\4", b"\x80"])
def test_other_files_are_refused(torch, tmp_path, data):
    path = tmp_path / "tsn.pth"
    path.write_bytes(data)
    assert "damaged, or torch.save did not write it" in told_of(path)


@pytest.mark.parametrize("share", [0.0, 0.5, 0.9])
def test_damaged_safetensors_are_refused(safetensors, tmp_path, share):
    path = tmp_path / "tsn.safetensors"
    safetensors.save_file(STATE, path)
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    assert "damaged" in told_of(path)


@pytest.mark.parametrize("kind", ["BF16", "F8_E4M3"])
def test_small_numbers_are_read_if_numpy_has_them(safetensors, tmp_path, kind):
    data = b"\x80\x3f" if kind == "BF16" else b"\x38"
    header = '{"a":{"dtype":"%s","shape":[1],"data_offsets":[0,%d]}}'
    header = (header % (kind, len(data))).encode()
    path = tmp_path / "tsn.safetensors"
    path.write_bytes(len(header).to_bytes(8, "little") + header + data)
    if kind == "BF16":
        same(read_tensors(path), {"a": np.ones(1)})
    else:
        assert "a type that NumPy has not" in told_of(path)


def test_other_contents_are_refused(torch, written, tensors):
    for content, words in (
        ([1, 2], "Found: a list"),
        ({}, "Found: entries"),
        (torch.ones(3), "Found: a Tensor"),
        ({"model": tensors}, r"Found: entries \['model'\]"),
        ({"state_dict": {"a": 1}}, "Found: entries"),
        ({1: torch.ones(3)}, "Found: entries"),
    ):
        with pytest.raises(ValueError, match=f"dict of tensors.*{words}"):
            read_tensors(written(content))


def test_sparse_tensors_are_refused(torch, written):
    sparse = {"a.weight": torch.eye(3).to_sparse()}
    assert "a.weight must be a dense tensor" in told_of(written(sparse))


@pytest.mark.parametrize(
    ("name", "package"), [("a.pth", "torch"), ("a.safetensors", "safetensors")]
)
def test_a_missing_package_is_named(tmp_path, monkeypatch, name, package):
    monkeypatch.setitem(sys.modules, package, None)
    path = tmp_path / name
    path.write_bytes(b"any")
    words = rf"pip install 'keras_twostream\[pytorch\]'.*{package} is missing"
    with pytest.raises(ImportError, match=words):
        read_tensors(path)


def test_a_torch_that_runs_payloads_is_not_used(tmp_path, monkeypatch):
    old = types.SimpleNamespace(__version__="2.5.1+cpu", load=None)
    monkeypatch.setitem(sys.modules, "torch", old)
    path = tmp_path / "a.pth"
    path.write_bytes(b"any")
    with pytest.raises(ImportError, match=r"torch >= 2\.6. Found: \(2, 5\)"):
        read_tensors(path)


STATES = {
    "tsn-pytorch": files.tsn_pytorch,
    "tsn-pytorch without dropout": lambda s: files.tsn_pytorch(s, False),
    "MMAction": files.mmaction,
    "MMAction2": files.mmaction2,
}


@pytest.mark.parametrize("library", STATES)
@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize(
    "state", [files.resnet(18), files.resnet(50), files.inception()]
)
def test_all_libraries_have_the_same_names_afterwards(library, state, parallel):
    named = STATES[library](state)
    named = {name.removeprefix("module."): x for name, x in named.items()}
    if parallel:
        named = {f"module.{name}": x for name, x in named.items()}
    found, plain = renamed(named)
    assert library.startswith(found)
    assert {*plain} == {*state}
    assert all(plain[name] is state[name] for name in state)


def test_the_names_are_those_of_the_libraries():
    """As their own sources and checkpoints spell them."""
    assert {
        "module.base_model.layer1.0.downsample.1.running_var",
        "module.base_model.bn1.weight",
        "module.new_fc.bias",
    } < {*files.tsn_pytorch(files.resnet(50))}
    assert {
        "backbone.conv1.bn.weight",
        "backbone.layer1.0.conv1.conv.weight",
        "backbone.layer1.0.conv3.bn.running_mean",
        "backbone.layer1.0.downsample.conv.weight",
        "backbone.layer1.0.downsample.bn.running_var",
        "cls_head.fc_cls.weight",
    } < {*files.mmaction2(files.resnet(50))}
    assert {
        "backbone.conv1_7x7_s2_bn.bias",
        "backbone.inception_4e_double_3x3_2.weight",
        "backbone.inception_5b_pool_proj_bn.running_mean",
    } < {*files.mmaction(files.inception())}
