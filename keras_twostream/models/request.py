"""What a call of `build` asks for, checked, as a `Spec` and backbones."""

import json
from collections.abc import Mapping
from dataclasses import replace
from numbers import Integral

from keras_twostream import backbones
from keras_twostream.backbones.base import LOGITS, SCORES, STREAMS
from keras_twostream.models.connect import fusion_name
from keras_twostream.models.spec import Spec
from keras_twostream.models.table import get_spec

TWO_STREAMS = Spec().streams
# Arguments that the layers or the file of a network hold.
HELD = ("class_names", "flow", "sampling", "weights", "inflation")


def resolve(
    name,
    *,
    streams=None,
    fusion=None,
    location=None,
    fuse=None,
    keep=None,
    frames=None,
    time=None,
    align=None,
    flow_frames=None,
):
    """Returns the `Spec` that is asked for and what to call the model.

    All arguments are those of `build`; `None` leaves what the row says.

    Raises:
        ValueError: If they contradict each other.
    """
    if fuse is None:
        spec, called = _row(name, fusion, location)
    else:
        _check_fuse(fuse, fusion, location)
        spec = Spec() if name is None else _row(name, None, None)[0]
        spec = replace(spec, streams=TWO_STREAMS, fuse=dict(fuse))
        called = name_of(fuse)
    spec = _with_streams(spec, called, streams)
    counts = {"frames": frames, "flow_frames": flow_frames}
    counts = {k: v for k, v in counts.items() if v is not None}
    check_counts(**counts)
    changes = {"time": time, "align": align, "keep": keep}
    changes = {k: v for k, v in changes.items() if v is not None}
    spec = replace(spec, **counts, **changes)
    return spec, called


def name_of(fuse):
    """Returns the name of a network by what it fuses where.

    Args:
        fuse: Dict of location -> fusion.

    Example:

    >>> name_of({"relu3": "conv", "relu5": "conv", "fc8": "sum"})
    'conv_relu3_relu5_sum_fc8'
    """
    words, last = [], None
    for location, fusion in fuse.items():
        word = fusion_name(fusion)
        words += [location] if word == last else [word, location]
        last = word
    return "_".join(words)


def _check_fuse(fuse, fusion, location):
    """Raises `ValueError` unless `fuse` says alone what is fused where."""
    if not isinstance(fuse, Mapping) or not fuse or fusion or location:
        raise ValueError(
            "fuse is a dict of location -> fusion, such as {'relu5': 'conv', "
            "'fc8': 'sum'}, and takes the place of fusion and location. "
            f"Received: fuse={fuse!r}, fusion={fusion!r}, location={location!r}"
        )


def _row(name, fusion, location):
    """Returns the row that is meant, and what to call the model."""
    if isinstance(name, Spec):
        return name, "two_stream"
    spec = get_spec(name) if name is not None else None
    if fusion is None and location is None and spec:
        return spec, name
    if spec and (spec.fuse or fusion is None or location is None):
        raise ValueError(
            f"Give a name, or a fusion and a location; a network of one "
            f"stream takes both beside its name. Received: name={name!r}, "
            f"fusion={fusion!r}, location={location!r}"
        )
    if fusion is None or location is None:
        raise ValueError(
            "Give the name of a network, such as build('conv_relu5'), or a "
            "fusion and a location. "
            f"Received: fusion={fusion!r}, location={location!r}"
        )
    places = [location] if isinstance(location, str) else [*location]
    called = "_".join([*filter(None, [name]), fusion_name(fusion), *places])
    fuse = dict.fromkeys(places, fusion)
    return replace(spec or Spec(), streams=TWO_STREAMS, fuse=fuse), called


def _with_streams(spec, called, streams):
    """Returns `spec` for other streams than its own."""
    streams = spec.streams if streams is None else streams
    streams = (streams,) if isinstance(streams, str) else tuple(streams)
    if not streams or {*streams} - {*STREAMS} or len({*streams}) < len(streams):
        raise ValueError(
            f"streams are one or both of {STREAMS}. Received: {streams}"
        )
    # Fused in their scores alone, the streams are networks of their own.
    late = {*spec.fuse} <= {LOGITS, SCORES}
    if not late and len(streams) < 2:
        raise ValueError(
            f"{called} fuses two streams; for one alone build 'spatial' or "
            f"'temporal'. Received: streams={streams}"
        )
    fuse = spec.fuse if len(streams) > 1 else {}
    if len(streams) > 1 and not fuse:
        fuse = {SCORES: "average"}
    return replace(spec, streams=streams, fuse=fuse)


def towers_of(spec, backbone, size):
    """Returns stream -> `Backbone`, checked and at the image's size."""
    backbone = spec.backbone if backbone is None else backbone
    by_stream = (
        backbone
        if isinstance(backbone, Mapping)
        else dict.fromkeys(spec.streams, backbone)
    )
    if missing := [s for s in spec.streams if s not in by_stream]:
        raise ValueError(
            f"backbone needs an entry for each stream of {[*spec.streams]}. "
            f"Received: none for {missing}"
        )
    nets = {s: backbones.get(by_stream[s], size) for s in spec.streams}
    for net in nets.values():
        if spec.clips and not net.clips:
            raise ValueError(
                f"This network is made of 3D convolutions; its backbone takes "
                f"clips, as {spec.backbone} does. Received: {net.name}, which "
                "takes images"
            )
        if net.clips and spec.frames is None:
            raise ValueError(
                f"Backbone {net.name} takes clips: pass frames=, the number "
                "per clip. Received: frames=None"
            )
    return nets


def time_of(spec, net):
    """Returns what a tower does with time: by default its logits' average."""
    if spec.time or spec.frames is None or net.clips:
        return spec.time
    return {LOGITS: "average"}


def check_counts(**counts):
    """Raises `ValueError` unless all arguments are integers above zero."""
    for name, count in counts.items():
        if not isinstance(count, Integral) or count < 1:
            raise ValueError(
                f"{name} must be an integer above zero. Received: {count!r}"
            )


def check_maps(spec, nets):
    """Raises `ValueError` if streams meet only in the top."""
    for location in spec.fuse:
        for net in nets.values():
            if not net.stages[net.resolve(location)].stride:
                raise ValueError(
                    f"Without its top a network cannot be fused at {location}, "
                    f"which is part of it. Received: include_top=False"
                )


def image_size(input_shape):
    """Returns (height, width), also of a shape with channels."""
    is_shape = isinstance(input_shape, (list, tuple))
    size = tuple(input_shape)[:2] if is_shape else ()
    if len(size) != 2 or not all(isinstance(n, int) and n > 0 for n in size):
        raise ValueError(
            "input_shape is the height and width of the frames in pixels, "
            f"such as (224, 224). Received: {input_shape}"
        )
    return size


def remembered(asked):
    """Returns arguments of `build` as a dict that JSON can hold.

    Args:
        asked: All of them; those that are `None` or in `HELD` are left out.

    Returns:
        The dict, or `None` if one of them is a layer or a network.
    """
    kept = {
        name: value
        for name, value in asked.items()
        if name not in HELD and value is not None
    }
    try:
        return json.loads(json.dumps(kept))
    except TypeError:
        return None
