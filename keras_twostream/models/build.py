"""`build`: from a name or a `Spec` to a functional Keras model."""

from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral

import keras

from keras_twostream import backbones
from keras_twostream.backbones.base import (
    LOGITS,
    RGB_CHANNELS,
    STREAMS,
    Head,
)
from keras_twostream.models.network import TwoStreamModel
from keras_twostream.models.spec import Spec
from keras_twostream.models.table import get_spec
from keras_twostream.models.towers import Tower, connect, fusion_name
from keras_twostream.weights.load import load_weights


def build(
    name=None,
    *,
    num_classes=101,
    backbone="vgg_m_2048",
    weights=None,
    fusion=None,
    location=None,
    include_top=True,
    pooling=None,
    input_shape=(224, 224),
    flow_frames=10,
    frames=None,
    time=None,
    dropout=0.5,
    classifier_activation="softmax",
    class_names=None,
    flow=None,
    sampling=None,
    align=None,
):
    """Returns a two-stream network as a functional `keras.Model`.

    Its inputs are a dict of `"rgb"`, `(batch, height, width, 3)` in 0 to 255,
    and `"flow"`, `(batch, height, width, 2 * flow_frames)` in pixels per step
    with u and v alternating; its output is `(batch, num_classes)`. Each
    network normalises its inputs itself.

    Args:
        name: Name of a network, see `list_models`, or a `Spec`; by default
            the one that `fusion` and `location` say.
        num_classes: Integer, number of classes.
        backbone: Name of an image network, see `backbones.list_backbones`, a
            functional `keras.Model` whose weights are kept, or a dict of
            stream -> one of these.
        weights: `None`; `"imagenet"`; the path of a `.keras` or `.weights.h5`
            file of a whole model or a backbone; or a dict of stream -> one of
            these. What became of every layer is logged and kept in the
            model's attribute `load_report`.
        fusion: Instead of a name: a fusion such as `"conv"`, or a layer.
        location: Instead of a name: the stage at which to fuse, as the paper
            calls it (`"relu5"`) or as the backbone does.
        include_top: Whether to include the dense layers and the scores.
        pooling: Without the top: `None`, `"avg"` or `"max"` over the map.
        input_shape: Height and width of the frames in pixels.
        flow_frames: Integer, flow fields per stack (the paper's L).
        frames: Integer, frames per clip (the paper's T), which adds a time
            axis behind the batch axis of both inputs; `None` for one frame.
        time: With `frames`: dict of location -> arguments of `TemporalPool`;
            by default the class logits are averaged.
        dropout: Rate of the dropout in front of the dense layers.
        classifier_activation: Activation of the scores, `None` for logits.
        class_names: Names of the classes, which the model then carries.
        flow: `FlowSpec` of the flow that the model takes.
        sampling: Dict of settings by which samples are cut from the clips,
            which the model then carries, as `{"crop": {...}}`.
        align: `None`, or `"pad"` or `"resize"` to fuse unequal resolutions.

    Raises:
        ValueError: If there is no such network, backbone, stage or fusion, or
            if they cannot be combined; the message says what is allowed.
    """
    spec, name = _named_spec(name, fusion, location)
    spec = _with_time(spec, frames, time)
    if class_names is not None:
        num_classes = len(class_names)
    _check_counts(num_classes=num_classes, flow_frames=flow_frames)
    size = _image_size(input_shape)
    nets = _backbones(backbone, spec.streams, size)
    if not include_top:
        _check_maps(spec, nets)
    head = Head(num_classes, classifier_activation, class_names, dropout)
    channels = {"rgb": RGB_CHANNELS, "flow": 2 * flow_frames}
    clip = () if frames is None else (frames,)
    inputs = {
        stream: keras.Input((*clip, *size, channels[stream]), name=stream)
        for stream in spec.streams
    }
    towers = [
        Tower(
            stream,
            nets[stream],
            head,
            spec.time,
            inputs[stream],
            {"flow": flow, "sampling": sampling},
        )
        for stream in spec.streams
    ]
    first = connect(spec, towers, align)
    outputs = first.top() if include_top else first.map(pooling)
    model = TwoStreamModel(inputs, outputs, name=name)
    model.load_report = load_weights(model, weights, nets, size)
    return model


def _named_spec(name, fusion, location):
    """Returns the spec that is asked for and what to call the model."""
    if isinstance(name, Spec):
        if {*name.streams} - {*STREAMS}:
            raise ValueError(
                f"The streams of a Spec are of {STREAMS}. "
                f"Received: {name.streams}"
            )
        return name, "two_stream"
    if name is not None and (fusion is not None or location is not None):
        raise ValueError(
            f"Give a name, or a fusion and a location. Received: "
            f"name={name!r}, fusion={fusion!r}, location={location!r}"
        )
    if name is not None:
        return get_spec(name), name
    if fusion is None or location is None:
        raise ValueError(
            "Give the name of a network, such as build('conv_relu5'), or a "
            "fusion and a location. "
            f"Received: fusion={fusion!r}, location={location!r}"
        )
    places = [location] if isinstance(location, str) else [*location]
    kind = fusion_name(fusion)
    return Spec(fuse=dict.fromkeys(places, fusion)), "_".join([kind, *places])


def _with_time(spec, frames, time):
    """Returns `spec` with the way in which its time axis ends."""
    if frames is None:
        if time:
            raise ValueError(
                f"time needs frames, the number per clip. Received: time={time}"
            )
        return spec
    _check_counts(frames=frames)
    return replace(spec, time=time or spec.time or {LOGITS: {}})


def _check_counts(**counts):
    """Raises `ValueError` unless all arguments are integers above zero."""
    for name, count in counts.items():
        if not isinstance(count, Integral) or count < 1:
            raise ValueError(
                f"{name} must be an integer above zero. Received: {count!r}"
            )


def _check_maps(spec, nets):
    """Raises `ValueError` if streams meet only in the top."""
    for location in spec.fuse:
        for net in nets.values():
            if not net.stages[net.resolve(location)].stride:
                raise ValueError(
                    f"Without its top a network cannot be fused at {location}, "
                    f"which is part of it. Received: include_top=False"
                )


def _image_size(input_shape):
    """Returns (height, width), also of a shape with channels."""
    is_shape = isinstance(input_shape, (list, tuple))
    size = tuple(input_shape)[:2] if is_shape else ()
    if len(size) != 2 or not all(isinstance(n, int) and n > 0 for n in size):
        raise ValueError(
            "input_shape is the height and width of the frames in pixels, "
            f"such as (224, 224). Received: {input_shape}"
        )
    return size


def _backbones(backbone, streams, size):
    """Returns stream -> `Backbone`, checked and at the image's size."""
    by_stream = (
        backbone
        if isinstance(backbone, Mapping)
        else dict.fromkeys(streams, backbone)
    )
    if missing := [stream for stream in streams if stream not in by_stream]:
        raise ValueError(
            f"backbone needs an entry for each stream of {[*streams]}. "
            f"Received: none for {missing}"
        )
    return {s: backbones.get(by_stream[s], size) for s in streams}
