"""What a network is fed with, and whether it is for that."""

from keras_twostream.flow.contract import check
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.layers.preprocessing import (
    FlowPreprocessing,
    RGBPreprocessing,
)

# From `warnings.warn` up to whoever calls what calls `check_flow`.
_CALLER = 4


def check_flow(model, *data, training=False):
    """Compares the flow that a network is for with what it is fed with.

    Only a network that takes flow, and was told of which kind, is compared,
    and only with data that feed flow and say of which kind.

    Args:
        model: Network of `build`.
        *data: What it is fed with, as for `spec_of`; others are passed over.
        training: Whether it learns from them, see `flow.contract.compare`.

    Raises:
        FlowMismatchError: If its scores would mean nothing.
    """
    flow = next(iter(_layers(model, FlowPreprocessing)), None)
    if flow is None or not flow.told:
        return
    specs = [spec_of(x) for x in data if _feeds_flow(x)]
    fed = dict.fromkeys(spec for spec in specs if spec is not None)
    check(flow.flow, fed, training=training, stacklevel=_CALLER)


def adopt_flow(model, data):
    """Makes a network that was not told its flow be for that of its data.

    It is then as if it had been built with `flow=data.flow_spec`: what it
    remembers, and the bound by which it scales flow.

    Args:
        model: Network of `build`.
        data: What it is going to be trained on, as for `spec_of`.
    """
    spec = spec_of(data)
    layers = _layers(model, (FlowPreprocessing, RGBPreprocessing))
    untold = [layer for layer in layers if not layer.told]
    if spec is None or not untold:
        return
    for layer in untold:
        layer.tell(spec)
    # What was compiled has the former bound in it.
    model.train_function = model.test_function = model.predict_function = None


def spec_of(data):
    """Returns the `FlowSpec` of what a network is fed with, or `None`.

    Args:
        data: Dataset of `data.clips_dataset`, or made of one by `tf.data`
            (`take`, `map`, ...); anything else with an attribute `flow_spec`;
            or a `FlowSpec`.
    """
    while data is not None:
        spec = getattr(data, "flow_spec", data)
        if isinstance(spec, FlowSpec):
            return spec
        # How `tf.data` remembers what a dataset was made of.
        inputs = getattr(data, "_inputs", None)
        sources = inputs() if callable(inputs) else None
        data = sources[0] if isinstance(sources, list) and sources else None
    return None


def _layers(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def _feeds_flow(data):
    """Whether the samples of a dataset have flow, as far as one can see."""
    sample = getattr(data, "element_spec", None)
    inputs = sample[0] if isinstance(sample, tuple) else sample
    return not isinstance(inputs, dict) or "flow" in inputs
