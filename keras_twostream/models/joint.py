"""Where and by what two finished networks meet."""

from collections.abc import Mapping

import keras

from keras_twostream import layers
from keras_twostream.backbones.base import LOGITS, SCORES, STREAMS, Head
from keras_twostream.models import request

# What `init` calls the plain sum of both streams, and what it means.
SUMS = {"sum": (1.0, 1.0)}


def location_of(nets, at):
    """Returns the place where networks meet, as the spatial one calls it.

    The temporal one is told what that means.

    Args:
        nets: Dict of stream -> `WholeNetwork`.
        at: See `fuse`.

    Raises:
        ValueError: If one of them has no such place.
    """
    places = at if isinstance(at, Mapping) else dict.fromkeys(STREAMS, at)
    named = all(isinstance(place, str) for place in places.values())
    if {*places} != {*STREAMS} or not named:
        raise ValueError(
            "at is the name of a layer, or a dict of 'rgb' and 'flow' -> name "
            f"of one. Received: {at!r}"
        )
    stages = {}
    for stream, net in nets.items():
        try:
            stages[stream] = net.resolve(places[stream])
        except ValueError as error:
            raise ValueError(
                f"No place for {places[stream]!r} in the {stream} network: "
                f"{error}. Where networks differ, at is a dict of 'rgb' and "
                "'flow' -> name of a layer"
            ) from error
    nets["flow"].aliases[places["rgb"]] = stages["flow"]
    return places["rgb"]


def check_time(nets, location, frames, time):
    """Raises `ValueError` unless networks agree about time.

    Args:
        nets: Dict of stream -> `WholeNetwork`.
        location: The place where they meet.
        frames: See `fuse`.
        time: See `fuse`.
    """
    if frames is not None:
        request.check_counts(frames=frames)
    clips = [net.name for net in nets.values() if net.clips]
    if clips and (frames is not None or time):
        raise ValueError(
            "frames and time are for networks of images; a network of clips "
            f"ends time itself. Received: frames={frames}, time={time} for "
            f"{' and '.join(clips)}"
        )
    steps = [net.folded[net.resolve(location)] for net in nets.values()]
    if len({*steps}) > 1 or len(clips) == 1:
        shapes = [tuple(net.input.shape) for net in nets.values()]
        raise ValueError(
            f"Networks that are fused take equally many frames. Received: "
            f"inputs of {shapes[0]} and {shapes[1]}"
        )
    for net in nets.values() if frames else ():
        if None in net.input.shape[1:]:
            raise ValueError(
                f"Clips need images of a known size. Received: frames={frames} "
                f"for {net.name}, which takes {tuple(net.input.shape)}"
            )


def fusion_of(method, init, nets, location):
    """Returns the fusion that is asked for, as `layers.get` takes it.

    Args:
        method: See `fuse`.
        init: See `fuse`.
        nets: Dict of stream -> `WholeNetwork`.
        location: The place where they meet.

    Raises:
        ValueError: If it cannot start so, or cannot fuse the maps there.
    """
    counts = [
        net.stages[net.resolve(location)].channels for net in nets.values()
    ]
    if init is not None:
        config = _start(method, init, counts)
        first = nets["rgb"]
        ends = [first.resolve(end) for end in (LOGITS, SCORES)]
        if first.resolve(location) in ends and "stream_weights" not in config:
            # Scores have both signs.
            config["activation"] = None
        method = {"class_name": method, "config": config}
    layer = layers.get(method)
    if len({*counts}) > 1 and layer.equal_channels:
        raise ValueError(
            f"The networks have {counts[0]} and {counts[1]} channels at "
            f"{location}, and {type(layer).__name__} merges equally many. Fuse "
            "at another layer (at={'rgb': ..., 'flow': ...}), or by 'conv' or "
            "'concat'"
        )
    return method


def _start(method, init, counts):
    """Returns the config of a fusion that starts as `init` says."""
    if not isinstance(method, str):
        raise ValueError(
            "init is for a fusion that is given by name; a layer has its own "
            f"initialiser. Received: method={method!r}, init={init!r}"
        )
    layer = layers.get(method)
    weights = SUMS.get(init, init) if isinstance(init, str) else init
    weighted = isinstance(weights, (tuple, list))
    if weighted and len(weights) != len(STREAMS):
        raise ValueError(
            f"init takes one number for each of {STREAMS}. Received: {init!r}"
        )
    if weighted and isinstance(layer, layers.SumFusion):
        return {"stream_weights": weights}
    if not hasattr(layer, "kernel_initializer"):
        raise ValueError(
            f"The fusion {method!r} has no kernel that init could start. "
            f"Received: init={init!r}"
        )
    if weighted:
        init = layers.IdentitySum(weights, layer.sigma, counts)
    return {"kernel_initializer": keras.initializers.get(init)}


def head_of(nets, keep):
    """Returns the `Head` of the answer.

    Args:
        nets: Dict of stream -> `WholeNetwork`.
        keep: Whether the answer is the mean of both networks'.

    Raises:
        ValueError: If both answer, and their answers cannot be averaged.
    """
    heads = [
        Head(
            [*net.stages.values()][-1].channels,
            net.activation,
            net.class_names and tuple(net.class_names),
        )
        for net in nets.values()
    ]
    first, second = heads
    known = first.class_names and second.class_names
    if keep and (
        first[:2] != second[:2]
        or (known and first.class_names != second.class_names)
    ):
        raise ValueError(
            "keep_temporal averages the answers of both networks, which must "
            "be about the same classes and made by the same activation. "
            f"Received: {first[:3]} and {second[:3]}"
        )
    return first
