"""Fuses two networks of MatConvNet as `cnn_ucf101_fusion.m` does."""

import numpy as np
from matconvnet_files import Structs, row
from matconvnet_nets import dag_layer, param, weights

AT = "relu5_3"
INPUTS = {"input_spatial": "input", "input_temporal": "input_flow"}


def fuse(spatial, temporal, frames=5, clips=True, keep=True):
    """Returns two streams as one network, the layers in the authors' order.

    Args:
        spatial: Network of `from_simple`.
        temporal: The same, of flow.
        frames: Frames per clip.
        clips: Whether by 3D convolution and pooling, or by 1x1 filters.
        keep: Whether the temporal stream goes on.
    """
    nets = [_renamed(spatial, "_spatial"), _renamed(temporal, "_temporal")]
    first, second = (net["layers"] for net in nets)
    at = [layer["name"] for layer in first].index(f"{AT}_spatial")
    end = [layer["name"] for layer in second].index(f"{AT}_temporal")
    maps = [*first[at]["outputs"], *second[end]["outputs"]]
    inserted, params = _inserted(maps, nets, clips)
    first[at + 1]["inputs"] = inserted[-1]["outputs"]
    first[at + 1 : at + 1] = inserted
    layers = first + (second if keep else second[: end + 1])
    layers = [layer for layer in layers if "err" not in layer["name"]]
    if clips:
        layers = [_pooled(layer, frames) for layer in layers]
    for layer in layers:
        layer["inputs"] = [INPUTS.get(x, x) for x in layer["inputs"]]
    for layer in [x for x in layers if x["type"] == "dagnn.Loss"]:
        name, given = f"err1_{layer['name'][-8:]}", layer["inputs"]
        loss = {"loss": "classerror"}
        layers.append(dag_layer(name, "Loss", given, ["error"], **loss))
    arrays = nets[0]["params"] + nets[1]["params"] + params
    return {"layers": Structs(layers), "params": Structs(arrays)}


def _renamed(net, end):
    """Returns a network whose names all end alike."""
    layers = [dict(layer) for layer in net["layers"]]
    loss = [layer["type"] for layer in layers].index("dagnn.Loss")
    layers[loss - 1]["name"] = "prediction"
    for layer in layers:
        layer["name"] += end
        layer["params"] = [x + end for x in layer["params"]]
        for side in ("inputs", "outputs"):
            names = layer[side]
            layer[side] = [x if x == "label" else x + end for x in names]
    params = [x | {"name": x["name"] + end} for x in net["params"]]
    return {"layers": layers, "params": params}


def _inserted(maps, nets, clips):
    """Returns the layers of a fusion and their parameters."""
    found = {x["name"]: x["value"] for net in nets for x in net["params"]}
    ends = ("_spatial", "_temporal")
    channels = [found[f"conv5_3f{end}"].shape[-1] for end in ends]
    size = (3, 3, 3) if clips else (1, 1)
    shape = (*size, sum(channels), channels[0])
    kernel, bias = weights(np.random.default_rng(5), shape)
    kind, name = ("Conv3D", "conv53D") if clips else ("Conv", "conv_fusion_1")
    names = [f"{name}f", f"{name}b"]
    block = {
        "size": row(*shape),
        "hasBias": True,
        "stride": row(*[1] * len(size)),
    }
    block["pad"] = row(*[1] * 6 if clips else [0] * 4)
    concat, relu = f"{AT}_concat", "relu3D5" if clips else "relu_fusion_1"
    layers = [
        dag_layer(concat, "Concat", maps, [concat], dim=3.0),
        dag_layer(name, kind, [concat], [f"x_{name}"], names, **block),
        dag_layer(relu, "ReLU", [f"x_{name}"], [relu], opts=[]),
    ]
    return layers, [param(*x) for x in zip(names, (kernel, bias), strict=True)]


def _pooled(layer, frames):
    """Returns a layer, 3D pooling instead of `pool5`."""
    if not layer["name"].startswith("pool5"):
        return layer
    block = {
        "method": "max",
        "poolSize": row(2, 2, frames),
        "pad": row(*[0] * 6),
        "stride": row(2, 2, 2),
    }
    name = layer["name"].replace("pool5", "pool3D5")
    return layer | {"name": name, "type": "dagnn.Pooling3D", "block": block}
