"""The benchmark of time and memory, on small networks."""

import importlib
import json
import pathlib
import sys

import numpy as np
import pytest

FOLDER = pathlib.Path(__file__).parents[1] / "benchmarks"
CLIPS = "conv3d_relu5_pool3d_plus"


@pytest.fixture
def benchmark(monkeypatch):
    """Imports one of its modules."""
    pytest.importorskip("torch", reason="the twins need PyTorch")
    monkeypatch.syspath_prepend(str(FOLDER))
    yield importlib.import_module
    own = {path.stem for path in FOLDER.glob("*.py")}
    for name in own.intersection(sys.modules):
        del sys.modules[name]


@pytest.fixture
def ours(benchmark, monkeypatch):
    """Returns the module of our networks, with small towers."""
    module = benchmark("speed_keras")
    build = module.keras_twostream.build
    monkeypatch.setattr(
        module.keras_twostream,
        "build",
        lambda name, **options: build(name, backbone="vgg_tiny", **options),
    )
    monkeypatch.setattr(module, "BLOCKS", ("pool1", "pool2"))
    return module


def a_batch(benchmark, name, size):
    """Returns the shapes of a network's inputs and a batch of one sample."""
    shape = benchmark("speed_rivals").NETWORKS[name].shape(size)
    *arrays, labels = benchmark("speed_worker")._batch(shape, 1)
    return shape, dict(zip(shape, arrays, strict=True)), labels


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("conv_relu5", 97_761_221),
        (CLIPS, 283_514_762),
        ("conv3d_fusion", 14_156_288),
    ],
)
def test_twins_have_as_many_parameters(benchmark, name, count):
    torch = pytest.importorskip("torch")
    with torch.device("meta"):
        twin = benchmark("torch_twin").TWINS[name]()
    assert sum(p.numel() for p in twin.parameters()) == count


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "size"), [("conv_relu5", 72), (CLIPS, 32), ("conv3d_fusion", 64)]
)
def test_twins_answer_as_ours_do(benchmark, name, size):
    torch = pytest.importorskip("torch")
    shape, inputs, _ = a_batch(benchmark, name, size)
    model = benchmark("speed_keras").whole(name, shape)
    twin = benchmark("torch_twin").TWINS[name](size=size).eval()
    copy_weights(model, twin, torch)
    expected = model.predict_on_batch(inputs)
    with torch.inference_mode():
        logits = twin(*map(torch.from_numpy, inputs.values()))
        scores = torch.softmax(sum(logits) / len(logits), -1).numpy()
    if isinstance(expected, dict):
        expected = expected["scores"]
    np.testing.assert_allclose(scores, expected, rtol=1e-3, atol=1e-5)


def copy_weights(model, twin, torch):
    """Gives the twin our weights, stream by stream and the fusion apart."""
    own = [layer for layer in model.layers if layer.weights]
    parts = {
        "rgb": [x for x in own if x.name.startswith("rgb_")],
        "flow": [x for x in own if x.name.startswith("flow_")],
    }
    parts["fusion"] = [x for x in own if x not in sum(parts.values(), [])]
    theirs = dict.fromkeys(parts, ())
    for name, module in twin.named_modules():
        if getattr(module, "weight", None) is not None:
            stream = name.split(".")[0].split("_")[0]
            stream = {"top": "rgb", "conv": "fusion"}.get(stream, stream)
            theirs[stream] += (module,)
    for part, layers in parts.items():
        for layer, module in zip(layers, theirs[part], strict=True):
            kernel, bias = layer.get_weights()
            shape = module.weight.shape
            kernel = np.moveaxis(kernel, [-1, -2], [0, 1])
            kernel = kernel.reshape(shape)
            module.weight.data = torch.tensor(kernel)
            module.bias.data = torch.tensor(bias)


def last_words(weight):
    """Returns the layer and the kind of a weight, whatever it is part of."""
    return tuple(weight.path.split("/")[-2:])


@pytest.mark.slow
@pytest.mark.parametrize("form", ["frames", "remat layers", "remat blocks"])
def test_forms_leave_the_network_what_it_is(benchmark, ours, form):
    shape, inputs, labels = a_batch(benchmark, CLIPS, 32)
    whole = ours.whole(CLIPS, shape)
    other = ours.FORMS[form](CLIPS, shape)
    theirs, own = (
        {last_words(w): w for w in m.weights} for m in (other, whole)
    )
    assert {*theirs} == {*own}
    for name, weight in theirs.items():
        weight.assign(own[name])
    expected = whole.predict_on_batch(inputs)["scores"]
    scores = other.predict_on_batch(inputs)["scores"]
    np.testing.assert_allclose(scores, expected, rtol=1e-4, atol=1e-6)
    losses = []
    for model in (whole, other):
        model.compile("sgd", "sparse_categorical_crossentropy")
        losses.append(model.evaluate(inputs, labels, verbose=0))
        model.train_on_batch(inputs, labels)
    np.testing.assert_allclose(*losses, rtol=1e-4)


def test_operations_are_counted(benchmark):
    ours = benchmark("speed_keras")
    shape, _, _ = a_batch(benchmark, "conv3d_fusion", 64)
    model = ours.whole("conv3d_fusion", shape)
    forward = 2 * 7 * (27 * 1024 * 512) * (5 * 4 * 4)
    # The maps come from outside, so only the kernel has a gradient.
    expected = {"inference": forward, "training": 2 * forward}
    assert ours.flops(model, 7) == expected


def test_a_summary_compares_round_by_round(benchmark):
    found = {
        "seconds": {"reference": [2.0, 4.0, 2.0], "rival": [1.0, 8.0, 3.0]},
        "product": [1.0, 2.0, 1.0],
        "peak": {"reference": 5, "rival": 3},
    }
    cube = benchmark("speed_rivals").CUBE
    values = benchmark("speed_report").summary(found, 2 * cube**3)
    assert values["ratios"] == [0.5, 2.0, 1.5]
    assert values["shares"]["reference"] == [0.5, 0.5, 0.5]
    assert values["seconds"] == {"reference": 2.0, "rival": 1.0}
    assert (values["peak"], values["difference"]) == (3, -2)


@pytest.mark.slow
def test_the_command_measures_in_fresh_processes(
    benchmark, monkeypatch, tmp_path, capsys
):
    main, rivals = benchmark("model_speed"), benchmark("speed_rivals")
    output = tmp_path / "speed.json"
    main.main("conv3d_fusion", None, 1, 32, 1, output, quick=True)
    found = json.loads(output.read_text())
    assert found["environment"]["cores"] > 0
    results = found["networks"]["conv3d_fusion"]["rivals"]
    assert {*results} == {*rivals.QUICK}
    for result in results.values():
        assert result["facts"]["parameters"] == 14_156_288
    for task in results["PyTorch, eager"]["tasks"].values():
        assert min(task["seconds"]["rival"]) > 0
        assert min(task["peak"].values()) > 4 * 14_156_288
    assert "share of peak" in capsys.readouterr().out


def test_a_failure_is_one_line_of_the_table(benchmark, capsys):
    process = benchmark("speed_process").Process
    with pytest.raises(RuntimeError, match=r"^KeyError: 'no network'$"):
        process("no network", "", 32, 1).__enter__()
    rival = benchmark("speed_rivals").Rival()
    results = {"ours": {"facts": {}}, "XLA": {"error": "out of memory"}}
    benchmark("speed_report").report(results, dict.fromkeys(results, rival))
    assert "failed: out of memory" in capsys.readouterr().out
