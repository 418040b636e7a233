"""`build`: from a name or a `Spec` to a functional Keras model."""

import keras

from keras_twostream.backbones.base import RGB_CHANNELS, Head
from keras_twostream.backbones.norms import freeze_batch_norm
from keras_twostream.models import request
from keras_twostream.models.connect import connect, maps_of, outputs_of
from keras_twostream.models.network import TwoStreamModel
from keras_twostream.models.towers import Tower
from keras_twostream.weights.load import load_weights


def build(
    name=None,
    *,
    num_classes=101,
    backbone=None,
    weights=None,
    inflation="mean",
    batch_norm=None,
    streams=None,
    fusion=None,
    location=None,
    fuse=None,
    keep=None,
    include_top=True,
    pooling=None,
    input_shape=None,
    flow_frames=None,
    frames=None,
    time=None,
    dropout=0.5,
    stream_dropout=0.0,
    classifier_activation="softmax",
    class_names=None,
    flow=None,
    sampling=None,
    align=None,
):
    """Returns a two-stream network as a functional `keras.Model`.

    Its inputs are a dict of `"rgb"`, `(batch, height, width, 3)` in 0 to 255,
    and `"flow"`, `(batch, height, width, 2 * flow_frames)` in pixels per step
    with u and v alternating; networks of clips have a time axis behind the
    batch axis. Its output is `(batch, num_classes)`, or, where there are
    several losses, a dict of them and of `"scores"`, see `TwoStreamModel`.
    Each network normalises its inputs itself.

    Args:
        name: Name of a network, see `list_models`, or a `Spec`; by default
            the one that `fusion` and `location` say.
        num_classes: Integer, number of classes.
        backbone: Name of an image network, see `backbones.list_backbones`, a
            functional `keras.Model` whose weights are kept, or a dict of
            stream -> one of these; by default that of the network's source.
        weights: `None`; `"imagenet"`; the path of a `.keras` or `.weights.h5`
            file of a whole model or a backbone; the name of pretrained
            weights, see `list_weights`, a preset folder or an address, see
            `load`; or a dict of stream -> one of these. What became of every
            layer is logged and kept in the model's attribute `load_report`.
        inflation: How first kernels that come for RGB are spread over flow, a
            name of `weights.INFLATIONS`.
        batch_norm: `None`; `"partial"` keeps all batch normalisations as they
            are but the first of each stream (Wang et al. 2016), `"frozen"`
            all of them.
        streams: Other streams than the row's, `"rgb"`, `"flow"` or both. A
            network of one stream becomes one of two by late fusion, the
            average of the scores, or as `fusion` and `location` say.
        fusion: Instead of a name, or beside that of a network of one stream:
            a fusion such as `"conv"`, or a layer.
        location: The stage at which to fuse, as the paper calls it
            (`"relu5"`) or as the backbone does.
        fuse: Instead of these two: dict of location -> fusion, which may
            differ from place to place (`{"relu5": "conv", "fc8": "sum"}`).
        keep: Whether streams that were fused into the first one also go on
            by themselves (the paper's "+"); by default as the row says.
        include_top: Whether to include the dense layers and the scores.
        pooling: Without the top: `None`, `"avg"` or `"max"` over the map.
        input_shape: Height and width of the frames in pixels; by default
            those of the network's source.
        flow_frames: Integer, flow fields per stack (the paper's L), by
            default the row's, 10 for most.
        frames: Integer, frames per clip (the paper's T), by default the
            row's; `None` for one, without a time axis.
        time: Dict of location -> what happens to the time axis there, see
            `layers.get_time`, or a list of that; by default the row's, or
            the average of the class logits.
        dropout: Rate of the dropout in front of the dense layers.
        stream_dropout: Rate at which one of two streams is missing from a
            training sample, so that `keep_streams` gives a network that
            answers from one alone.
        classifier_activation: Activation of the scores, `None` for logits.
        class_names: Names of the classes, which the model then carries.
        flow: `FlowSpec` of the flow that the model takes.
        sampling: Dict of settings by which samples are cut from the clips,
            which the model then carries, as `{"crop": {...}}`.
        align: `None` for the row's; `"pad"` or `"resize"` to fuse unequal
            resolutions.

    Raises:
        ValueError: If there is no such network, backbone, stage or fusion, or
            if they cannot be combined; the message says what is allowed.
    """
    asked = {**locals()}
    spec, name = request.resolve(
        name,
        streams=streams,
        fusion=fusion,
        location=location,
        fuse=fuse,
        keep=keep,
        frames=frames,
        flow_frames=flow_frames,
        time=time,
        align=align,
    )
    if class_names is not None:
        num_classes = len(class_names)
    request.check_counts(num_classes=num_classes)
    size = request.image_size(input_shape or spec.image_size)
    nets = request.towers_of(spec, backbone, size)
    if not include_top:
        request.check_maps(spec, nets)
    head = Head(num_classes, classifier_activation, class_names, dropout)
    inputs = _inputs(spec, size)
    record = {"flow": flow, "sampling": sampling}
    towers = [
        Tower(s, net, head, request.time_of(spec, net), inputs[s], record)
        for s, net in nets.items()
    ]
    connect(spec, towers, stream_dropout)
    outputs = (
        outputs_of(spec, towers, head)
        if include_top
        else maps_of(spec, towers, pooling)
    )
    model = TwoStreamModel(inputs, outputs, name=name)
    model.load_report = load_weights(model, weights, nets, size, inflation)
    freeze_batch_norm(model, batch_norm)
    counts = {"num_classes": num_classes, "flow_frames": spec.flow_frames}
    model.network = request.remembered(asked | counts)
    return model


def _inputs(spec, size):
    """Returns stream -> input tensor."""
    channels = {"rgb": RGB_CHANNELS, "flow": 2 * spec.flow_frames}
    clip = () if spec.frames is None else (spec.frames,)
    return {
        stream: keras.Input((*clip, *size, channels[stream]), name=stream)
        for stream in spec.streams
    }
