"""Networks of MatConvNet, those of Feichtenhofer et al. (2016) among them."""

import re
from pathlib import Path

from keras_twostream.converters.mat_feeds import feeds_of, inputs_of, values_of
from keras_twostream.converters.mat_file import numbers
from keras_twostream.converters.mat_graph import read_graph
from keras_twostream.converters.mat_heads import outputs_of
from keras_twostream.converters.mat_network import UNNAMEABLE, run
from keras_twostream.models import request
from keras_twostream.models.network import TwoStreamModel

# Of networks that do not tell the size of their images; all those published
# by the authors have it.
IMAGE_SIZE = (224, 224)
# Types of layers that see time.
CLIP_TYPES = ("conv3d", "pooling3d")


def convert(
    path, *, class_names=None, image_size=None, streams=None, frames=None
):
    """Returns the network in a file of MatConvNet.

    DagNN and SimpleNN are read, as old and new versions save them; see
    `LAYERS` of `mat_layers` for the types of layers. The layers are called
    `{stream}_{layer}` with the names in the file, and have the weights in it;
    filters that cover a whole map become dense layers, so that weights of
    VGG networks fit those of `build(backbone="vgg16")`.

    The mean image is subtracted as one colour. It was made for bytes, so flow
    in pixels becomes what the bytes of the authors' flow were, less 128.

    What remains uncertain: the authors published single streams only, so the
    form of a fused network is that which their code saves
    (`cnn_ucf101_fusion.m`, commit a098f08); that flow is theirs (`FLOW`) is
    taken for granted, as files do not tell. Their files keep the classes of
    ImageNet, which are left out as they are too many.

    Args:
        path: The `.mat` file. Nothing in it is run.
        class_names: Names of the classes, if the file's own are not wanted.
        image_size: Integer or pair (height, width) of the input in pixels, by
            default what the file tells, or 224. With larger ones the filters
            of the classifier are moved over the map, and the logits averaged.
        streams: Dict of input, as the file calls it, -> `"rgb"` or `"flow"`; by
            default 3 channels are RGB, and other even numbers flow.
        frames: Integer, frames per clip; by default the longest window of the
            3D poolings, or what the file tells, of networks of clips, and
            single images for others.

    Returns:
        `TwoStreamModel` on `"rgb"`, `"flow"` or both. Of two losses the outputs
        are a dict: `"spatiotemporal"`, that of the other stream, and
        `"scores"`, of the mean of both logits.

    Raises:
        FileNotFoundError: If there is no such file.
        ImportError: If a package is missing that reads the format.
        ValueError: If the file is damaged, holds something else, or a layer
            that is not understood; the message names it.
    """
    path = Path(path)
    graph = read_graph(path)
    try:
        ends = graph.logits()
        nodes = graph.needed(ends)
        size = _image_size(graph, image_size)
        frames = _frames(graph, nodes, frames)
        feeds = feeds_of(nodes, streams)
        inputs = inputs_of(feeds, size, frames)
        values = values_of(feeds, inputs, graph.normalization)
        made = run(nodes, values, ends)
        logits = {made.labels[x]: made.values[x] for x in ends}
        outputs = outputs_of(logits, class_names, graph.classes)
    except ValueError as error:
        raise ValueError(f"{path} cannot be converted: {error}") from error
    model = TwoStreamModel(inputs, outputs, name=_name(path))
    for label, arrays in made.arrays.items():
        model.get_layer(label).set_weights(arrays)
    return model


def _image_size(graph, asked):
    """Returns the (height, width) of images."""
    if isinstance(asked, int):
        asked = (asked, asked)
    told = numbers(graph.normalization.get("imageSize"))[:2]
    told = tuple(map(int, told)) if len(told) == 2 and all(told) else None
    return request.image_size(asked or told or IMAGE_SIZE)


def _frames(graph, nodes, asked):
    """Returns the frames of a clip, or `None` for networks of images."""
    if asked is not None:
        request.check_counts(frames=asked)
        return asked
    if not any(node.type in CLIP_TYPES for node in nodes):
        return None
    windows = [n for node in nodes for n in node.numbers("poolSize")[2:3]]
    told = windows or numbers(graph.meta.get("curNumFrames"))
    if not told:
        raise ValueError("it is of clips; pass frames, the number per clip")
    return int(max(told))


def _name(path):
    """Returns what to call the network of a file."""
    name = UNNAMEABLE.sub("_", path.stem)
    return name if re.match("[A-Za-z0-9.]", name) else f"network{name}"
