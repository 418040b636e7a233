"""Published Keras files of I3D -> the network `i3d` of `build`.

Of dlpbc/keras-kinetics-i3d: weights in the HDF5 layout of Keras 2, ported from
those that Carreira and Zisserman released (Quo Vadis, CVPR 2017).
"""

from pathlib import Path

from keras_twostream.backbones.base import LOGITS, RGB_CHANNELS, STREAMS
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.models.build import build
from keras_twostream.models.table import get_spec
from keras_twostream.weights.files import read_weights
from keras_twostream.weights.transfer import assign

MODEL = "i3d"
FLOW_CHANNELS = 2 * get_spec(MODEL).flow_frames
# What the files call the first layer, and the one that makes the logits.
FIRST, LAST = "Conv3d_1a_7x7_conv", "Conv3d_6a_1x1_conv"
# TV-L1 of grey frames at 25 per second, cut off at 20 pixels and mapped
# linearly to bytes, as the source's authors say. Uncertain: that frames are
# resized before, which users found to work best, and that the bytes were a
# JPEG's.
FLOW = FlowSpec(
    algorithm="tvl1",
    bound=20.0,
    short_side=256,
    resize="before",
    fps=25.0,
    quantization="offset",
    encoding="jpeg95",
    shrink=1,
)


def convert(
    path,
    *,
    class_names=None,
    stream=None,
    flow_path=None,
    frames=None,
    image_size=None,
):
    """Returns the network in one or two Keras files of I3D.

    One file makes the network of its stream, which the channels of its first
    kernel tell. The files of both streams make the two-stream network, whose
    logits are averaged; the source adds them, so that its logits are twice
    ours, its classes in the same order, and its softmax sharper.

    Args:
        path: The `.h5` file of a whole network, in TensorFlow's order of axes.
            Nothing in it is run.
        class_names: Names of the classes, which such files lack.
        stream: `"rgb"` or `"flow"`, to be sure of what the file holds.
        flow_path: The `.h5` file of the flow stream, where `path` is that of
            the RGB stream.
        frames: Integer, frames per clip, by default 64, with which the source
            was trained. The weights fit any.
        image_size: Pair (height, width) of the input in pixels, by default
            (224, 224).

    Returns:
        `TwoStreamModel` of `"rgb"`, `(batch, frames, height, width, 3)`,
        `"flow"`, `(batch, frames, height, width, 2)` in pixels, or both.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If a file is damaged, without its classifier, of another
            network or of another stream than it should be.
    """
    wanted = _wanted(path, stream, flow_path)
    files = {file: _read(file, word) for file, word in wanted.items()}
    model = build(
        MODEL,
        num_classes=_classes(files, class_names),
        streams=tuple(found for found, _ in files.values()),
        input_shape=image_size,
        frames=frames,
        class_names=class_names,
        flow=FLOW,
    )
    return _filled(model, files)


def _wanted(path, stream, flow_path):
    """Returns file -> stream that it must hold, `None` for either."""
    if flow_path is None:
        return {Path(path): stream}
    wanted = {Path(path): "rgb", Path(flow_path): "flow"}
    if stream is not None or len(wanted) < len(STREAMS):
        raise ValueError(
            "flow_path goes with the RGB stream's file as path, and no "
            f"stream. Received: path={path}, flow_path={flow_path}, "
            f"stream={stream!r}"
        )
    return wanted


def _read(path, wanted):
    """Returns the stream of a file, and its arrays by layer."""
    arrays = read_weights(path)
    kernel = arrays.get(FIRST, [None])[0]
    shape: tuple[int, ...] = getattr(kernel, "shape", ())
    by_channels = {RGB_CHANNELS: "rgb", FLOW_CHANNELS: "flow"}
    stream = by_channels.get(shape[3]) if len(shape) == 5 else None
    if stream is None:
        found = f"{FIRST} of {shape}" if FIRST in arrays else [*arrays][:4]
        raise ValueError(
            f"{path} must hold I3D, whose first layer {FIRST} has a kernel of "
            f"(7, 7, 7, {RGB_CHANNELS} or {FLOW_CHANNELS}, 64). Found: {found}"
        )
    if wanted not in (None, stream):
        raise ValueError(
            f"{path} must hold the stream {wanted!r}. Found: {stream!r}, by "
            f"the {shape[3]} channels of {FIRST}"
        )
    return stream, arrays


def _classes(files, class_names):
    """Returns the number of classes of files, which must agree."""
    counts = []
    for path, (_, arrays) in files.items():
        if LAST not in arrays:
            raise ValueError(
                f"{path} has no classifier ({LAST}), as the files called "
                "notop. To train one for classes of your own: build('i3d', "
                f"streams=..., num_classes=..., weights={str(path)!r})"
            )
        counts.append(arrays[LAST][0].shape[-1])
    if class_names is not None:
        counts.append(len(class_names))
    if len({*counts}) > 1:
        raise ValueError(
            f"{' and '.join(map(str, files))} must have as many classes as "
            f"each other and as class_names. Found: {counts}"
        )
    return counts[0]


def _filled(model, files):
    """Returns a network with the arrays of its streams."""
    reports = []
    for path, (stream, arrays) in files.items():
        own = _checked(model, stream, arrays, path)
        reports.append(assign(model, own, path.name))
    model.load_report = sum(reports[1:], start=reports[0]).log()
    return model


def _checked(model, stream, arrays, path):
    """Returns a file's arrays by layers of the model, once they all fit."""
    left = dict(arrays)
    own = {}
    for layer in model.layers:
        prefix, _, name = layer.name.partition("_")
        if prefix != stream or not layer.weights:
            continue
        is_last = name == LOGITS
        name = LAST if is_last else name
        shapes = [tuple(w.shape) for w in layer.weights]
        # Logits of a vector here are a convolution of one cell there.
        there = [(1, 1, 1, *shapes[0]), *shapes[1:]] if is_last else shapes
        found = [array.shape for array in left.pop(name, ())]
        if found != there:
            raise ValueError(
                f"{path}: the layer {name} must have arrays of {there}. "
                f"Found: {found or 'no such layer'}"
            )
        own[layer.name] = [
            array.reshape(shape)
            for array, shape in zip(arrays[name], shapes, strict=True)
        ]
    if left:
        raise ValueError(
            f"{path} holds layers that I3D has not: {', '.join([*left][:4])}"
        )
    return own
