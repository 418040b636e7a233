"""Makes of a user's network one that can be cut into stages."""

import keras

from keras_twostream.backbones.cuts import MAP_RANKS
from keras_twostream.backbones.inline import inline


def flat(network, image_size):
    """Returns a user's network as one that `GraphBackbone` can cut.

    Args:
        network: `keras.Sequential` or functional `keras.Model` from one image
            to one map, or from one clip to one map with a time axis. Made for
            another image size, or for any, it is copied for this one, with
            its weights; of networks within it, the layers are taken.
        image_size: Pair (height, width) of the input in pixels.

    Raises:
        ValueError: If the network is of another kind, or cannot be copied for
            this size.
    """
    if isinstance(network, keras.Sequential) and network.built:
        end = network.outputs[0]
        network = keras.Model(network.inputs, end, name=network.name)
    operations = getattr(network, "operations", ())
    ends = [*network.inputs, *network.outputs] if operations else ()
    ranks = [len(tensor.shape) for tensor in ends]
    if ranks not in [[rank] * 2 for rank in MAP_RANKS]:
        raise ValueError(
            "A network that serves as a backbone is a functional keras.Model "
            "from one image to one map, or from one clip to a map with a time "
            f"axis, without its classifier. Received: {network}"
        )
    originals = {layer.name: layer for layer in network.layers}
    if any(hasattr(operation, "operations") for operation in operations):
        network, originals = inline(network)
    elif network.inputs[0].shape[-3:-1] == tuple(image_size):
        return network
    return _sized(network, originals, image_size)


def _sized(network, originals, image_size):
    """Returns a copy of a network for another size.

    Args:
        network: Functional `keras.Model` as a pattern.
        originals: Name of a layer in it -> layer that has its weights.
        image_size: Pair (height, width) of the input in pixels.
    """
    end = network.outputs[0]
    pattern = keras.Model(network.inputs[0], end, name=network.name)
    shape = list(pattern.inputs[0].shape)
    made_for = tuple(shape[-3:-1])
    shape[-3:-1] = image_size
    try:
        copy = keras.models.clone_model(
            pattern, input_tensors=keras.Input(batch_shape=shape)
        )
        for layer, own in zip(pattern.layers, copy.layers, strict=True):
            if own.weights:
                own.set_weights(originals[layer.name].get_weights())
    except ValueError as error:
        raise ValueError(
            f"{network.name} was made for images of {made_for} pixels and "
            f"cannot be copied for others; pass input_shape={made_for}. "
            f"Received: {tuple(image_size)} ({error})"
        ) from error
    return copy
