"""TSN checkpoints of PyTorch -> the network `tsn` of `build`.

Of yjxiong/tsn-pytorch, MMAction and MMAction2, on residual networks or
BN-Inception, of frames or of optical flow.
"""

from pathlib import Path

import keras

from keras_twostream.backbones.base import LOGITS, RGB_CHANNELS
from keras_twostream.backbones.graph import GraphBackbone
from keras_twostream.backbones.shapes import shapes_only
from keras_twostream.converters import torch_inception, torch_resnet
from keras_twostream.converters.torch_files import read_tensors
from keras_twostream.converters.torch_layers import TorchLayers
from keras_twostream.converters.torch_names import HEAD, renamed
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.models.build import build
from keras_twostream.models.request import image_size as checked_size
from keras_twostream.weights.transfer import assign

MODEL, IMAGE_SIZE = "tsn", (224, 224)
# What tsn-pytorch's differences of frames have: 5 of them, and those with the
# frame itself.
DIFFERENCES = (15, 18)
# The flow of all these: TV-L1 of frames of 340x256, in the bytes of Wang et
# al.'s dense_flow. The size is that of their tools; checkpoints do not tell.
FLOW = FlowSpec(
    algorithm="tvl1",
    bound=20.0,
    short_side=256,
    resize="before",
    quantization="offset",
    encoding="jpeg95",
    shrink=1,
)
# (image network, library) -> how its inputs are normalised, as a row of
# `layers.preprocessing.CONVENTIONS` or its fields. Zero motion is the byte
# 127.5, which the libraries centre at 127.5 or at 128.
BYTES_FROM_128 = {
    "scale": 1.0,
    # Blue, green, red.
    "offset": [-104.0, -117.0, -128.0],
    "amplitude": 127.5,
    "centre": -0.5,
    "reverse": True,
}
INPUTS = {
    (torch_resnet, "tsn-pytorch"): "torch",
    (torch_resnet, "MMAction"): {
        "scale": [1 / 58.395, 1 / 57.12, 1 / 57.375],
        "offset": [-123.675 / 58.395, -116.28 / 57.12, -103.53 / 57.375],
        "amplitude": 127.5 / 128,
        "centre": -0.5 / 128,
    },
    (torch_inception, "tsn-pytorch"): BYTES_FROM_128,
    (torch_inception, "MMAction"): BYTES_FROM_128,
}


def convert(path, *, class_names=None, frames=3, image_size=None):
    """Returns the network in a TSN checkpoint of PyTorch.

    It is recognised by its names and shapes: the library, the image network
    (ResNet-18, 34, 50, 101, 152, wider ones too, or BN-Inception), the stream
    by the channels of the first convolution, the number of classes. The
    logits of the frames are averaged before the softmax.

    What a file does not tell is taken as the libraries have it by default:
    their normalisation of the inputs (for flow on residual networks of
    MMAction, MMAction2's), and strides in the 3x3 convolutions (`style=
    "pytorch"`). Source: Wang et al., Temporal Segment Networks, ECCV 2016.

    Args:
        path: A file of `torch.save`, of a checkpoint or of its `state_dict`,
            or a `.safetensors` file of that. Nothing in it is run.
        class_names: Names of the classes, which such files lack.
        frames: Integer, frames (segments) per clip. The weights fit any.
        image_size: Pair (height, width) of the input in pixels, by default
            (224, 224).

    Returns:
        `TwoStreamModel` of one stream: `"rgb"`, `(batch, frames, height,
        width, 3)`, or `"flow"`, `(batch, frames, height, width, 2 * L)` in
        pixels.

    Raises:
        ImportError: If a package is missing that reads the format.
        ValueError: If the file is damaged, holds objects that could run code,
            or another network.
    """
    path = Path(path)
    size = checked_size(image_size or IMAGE_SIZE)
    tensors = read_tensors(path)
    try:
        stream, backbone, arrays = _parts(tensors, size)
        classes = len(arrays[LOGITS][1])
        if class_names is not None and len(class_names) != classes:
            raise ValueError(
                f"class_names must name {classes} classes. "
                f"Received: {len(class_names)} names"
            )
    except ValueError as error:
        raise ValueError(f"{path} cannot be converted: {error}") from error
    model = build(
        MODEL,
        num_classes=classes,
        backbone=backbone,
        streams=stream,
        input_shape=size,
        flow_frames=backbone.network.inputs[0].shape[-1] // 2,
        frames=frames,
        class_names=class_names,
        flow=FLOW,
    )
    own = {f"{stream}_{name}": values for name, values in arrays.items()}
    model.load_report = assign(model, own, path.name).log()
    return model


def _parts(tensors, size):
    """Returns the stream, its backbone and the arrays of all its layers."""
    library, tensors = renamed(tensors)
    body = _body(tensors)
    layers = TorchLayers(tensors)
    channels = _channels(tensors[body.FIRST])
    with shapes_only():
        x = keras.Input((*size, channels))
        network = keras.Model(x, body.features(layers, x))
    head = layers.dense(HEAD, network.outputs[0].shape[-1])
    if layers.left:
        raise ValueError(
            f"there is more in it than a TSN has: {[*layers.left][:4]}"
        )
    name = body.name_of(tensors)
    backbone = GraphBackbone(network, name, INPUTS[body, library])
    stream = "rgb" if channels == RGB_CHANNELS else "flow"
    return stream, backbone, layers.arrays | {LOGITS: head}


def _body(tensors):
    """Returns the module that knows an image network."""
    for body in (torch_resnet, torch_inception):
        if body.FIRST in tensors:
            return body
    raise ValueError(
        "its image network must be a ResNet as torchvision has it or "
        f"BN-Inception. Found: {[*tensors][:4]}"
    )


def _channels(kernel):
    """Returns the channels of the input, which tell the stream."""
    channels = kernel.shape[1] if kernel.ndim == 4 else 0
    if channels in DIFFERENCES:
        raise ValueError(
            f"its input of {channels} channels is differences of frames, "
            "which no stream here is: 3 are RGB, even numbers optical flow"
        )
    if channels != RGB_CHANNELS and (channels % 2 or not channels):
        raise ValueError(
            "the first kernel must be (filters, channels, height, width), of "
            f"3 channels (RGB) or of 2 per flow field. Found: {kernel.shape}"
        )
    return channels
