"""`fuse`: from two trained networks to one of two streams."""

import logging

import keras

from keras_twostream.backbones.whole import WholeNetwork
from keras_twostream.models import joint, request
from keras_twostream.models.connect import connect, fusion_name, outputs_of
from keras_twostream.models.network import TwoStreamModel
from keras_twostream.models.spec import Spec
from keras_twostream.models.towers import Tower
from keras_twostream.weights.transfer import assign

logger = logging.getLogger("keras_twostream")


def fuse(
    spatial,
    temporal,
    *,
    at,
    method="conv",
    init=None,
    keep_temporal=False,
    align=None,
    frames=None,
    time=None,
    name=None,
):
    """Returns two trained networks as one, fused at a layer.

    Both are cut at that layer, their maps are fused, and the fused map goes
    on through the rest of the spatial network. All layers are copies with the
    weights and the settings of the originals, which stay as they are; they are
    called `rgb_<layer>` and `flow_<layer>`, and what was frozen stays so.
    Networks of `build` are fused to what `build` makes, so that `transfer`
    goes on working.

    A `conv` fusion starts as `relu(0.25 * spatial + 0.75 * temporal)` of the
    maps there, as in the paper; from there on the network is fine-tuned. After
    a layer that is not rectified, `layers.ConvFusion(activation=None)` starts
    as the sum alone. A fusion that changes the number of channels, as `concat`
    and `bilinear` do, leaves no use for the kernels that follow at once: they
    start anew, and the model's `load_report` names them.

    Nothing is put before the networks: each takes what it took before, in its
    own units. Those of `build` normalise their inputs themselves.

    Args:
        spatial: Functional or sequential `keras.Model` of one image or clip:
            of `keras.applications`, KerasHub, `build`, or any other. Networks
            that are layers of it are cut as well.
        temporal: The same, of optical flow.
        at: Name of the layer, or dict of `"rgb"` and `"flow"` -> name if they
            differ; or one of the paper's words such as `"relu5"`, see
            `backbones.WholeNetwork`. All that comes after must depend on this
            layer alone.
        method: Fusion such as `"conv"`, or a layer.
        init: How the fusion starts: `None` for its default, `"sum"` for the
            sum of both maps, two numbers for a weighted one, as (0.25, 0.75),
            or any Keras initialiser of its kernel.
        keep_temporal: Whether the temporal network also goes on to its own
            scores. The outputs are then `"spatiotemporal"`, `"temporal"` and
            `"scores"`: the mean of both, of the logits if both networks have a
            layer that makes scores of logits, and else of the scores.
        align: `"pad"` or `"resize"` to fuse maps of unequal resolution.
        frames: Integer, frames per clip, for networks of images: they then
            see every frame, and inputs have a time axis behind the batch axis.
            `None` for networks as they are: of images, or of clips of their
            own number of frames, which end time themselves.
        time: Dict of location -> what happens to the time axis of `frames`, as
            of `build`; by default the average of the class logits.
        name: Name of the network.

    Returns:
        `TwoStreamModel` on a dict of `"rgb"` and `"flow"`.

    Raises:
        ValueError: If a network cannot be cut there, or the maps cannot be
            fused so; the message says what is possible.

    Example:

    >>> fused = keras_twostream.fuse(spatial, temporal, at="conv_pw_11_relu")
    """
    nets = {"rgb": WholeNetwork(spatial), "flow": WholeNetwork(temporal)}
    location = joint.location_of(nets, at)
    joint.check_time(nets, location, frames, time)
    fusion = joint.fusion_of(method, init, nets, location)
    spec = Spec(
        fuse={location: fusion},
        time=time or {},
        keep=keep_temporal,
        frames=frames,
        align=align,
    )
    head = joint.head_of(nets, keep_temporal)
    towers = [_tower(s, net, head, spec) for s, net in nets.items()]
    inputs = {tower.stream: tower.input for tower in towers}
    connect(spec, towers)
    outputs = outputs_of(spec, towers, head)
    name = name or f"{fusion_name(fusion)}_{location}"
    model = TwoStreamModel(inputs, outputs, name=name)
    _fill(model, nets)
    return model


class _WholeTower(Tower):
    """A tower of a network that may fold time into the batch itself."""

    def _run(self, stage):
        super()._run(stage)
        if self.backbone.clips:
            self.frames = self.backbone.folded[stage]


def _tower(stream, net, head, spec):
    """Returns the tower of a stream, at its input."""
    clip = () if spec.frames is None else (spec.frames,)
    x = keras.Input(
        (*clip, *net.input.shape[1:]), dtype=net.input.dtype, name=stream
    )
    time = request.time_of(spec, net)
    return _WholeTower(stream, net, head, time, x, record={})


def _fill(model, nets):
    """Gives a network the weights of those that it was made of."""
    weights = {
        f"{stream}_{name}": arrays
        for stream, net in nets.items()
        for name, arrays in net.initial_weights().items()
    }
    source = " and ".join(net.name for net in nets.values())
    report = assign(model, weights, source)
    # That the fusion is new and the rest of the temporal network unused is
    # what was asked for.
    level = logging.WARNING if report.reinitialised else logging.INFO
    logger.log(level, "%s", report)
    model.load_report = report
