"""Our networks, and what may be done with them, as timed steps."""

import keras
from keras import ops
from speed_rivals import CLASSES

import keras_twostream
from keras_twostream import layers
from keras_twostream.models.cost import multiply_adds
from keras_twostream.models.network import TwoStreamModel
from keras_twostream.models.recomputing import rematerialized
from keras_twostream.training import freeze, split

FUSION = "relu5"
BLOCKS = ("pool1", "pool2", "pool3", "pool4")


def steps(name, rival, shape, batch):
    """Returns functions of one inference and one training step, and facts."""
    keras.config.set_dtype_policy(rival.policy)
    model = FORMS[rival.form](name, shape)
    keras.config.set_dtype_policy("float32")
    if rival.frozen:
        freeze(model, FUSION)
    model.compile(
        optimizer=keras.optimizers.SGD(1e-4, momentum=0.9),
        loss="sparse_categorical_crossentropy",
        jit_compile=rival.jit,
    )
    *inputs, labels = batch
    inputs = dict(zip(shape, inputs, strict=True))
    facts = {"parameters": model.count_params(), "jit": model.jit_compile}
    if rival.form == "whole" and not rival.frozen:
        facts["flops"] = flops(model, len(labels))
    work = {
        "inference": lambda: model.predict_on_batch(inputs),
        "training": lambda: model.train_on_batch(inputs, labels),
    }
    return work, facts


def whole(name, shape):
    """Returns the network as the library builds it."""
    if name == "conv3d_fusion":
        return _scored(layers.Conv3DFusion(), shape)
    size = shape["rgb"][-2]
    return keras_twostream.build(
        name, num_classes=CLASSES, input_shape=(size, size)
    )


def conv3d(_, shape):
    """Returns Keras's own 3D convolution of the stacked maps."""
    conv = keras.layers.Conv3D(512, 3, padding="same", activation="relu")
    return _scored(lambda maps: conv(ops.concatenate(maps, -1)), shape)


def _scored(fusion, shape):
    """Returns a fusion as a network: its channels' means are its scores."""
    inputs = {key: keras.Input(size, name=key) for key, size in shape.items()}
    means = keras.layers.GlobalAveragePooling3D()(fusion([*inputs.values()]))
    scores = keras.layers.Softmax(dtype="float32")(means)
    return TwoStreamModel(inputs, scores)


def remat_layers(name, shape):
    """Returns a network whose layers with kernels are each recomputed."""
    with keras.StatelessScope(initialize_variables=False):
        names = [layer.name for layer in whole(name, shape).layers]
    # Layers that are called with keywords, such as Dropout, fail in the scope.
    names = [word for word in names if "conv" in word or "relu" in word]
    with keras.RematScope("list_of_layers", layer_names=names):
        return whole(name, shape)


def remat_blocks(name, shape):
    """Returns a network of which only the ends of the blocks are kept."""
    return rematerialized(whole(name, shape), BLOCKS)


def frames(name, shape):
    """Returns a network that calls its towers once for each frame."""
    model = whole(name, shape)
    images, ends = (
        [model.get_layer(f"{stream}_{layer}").output for stream in shape]
        for layer in ("fold", FUSION)
    )
    towers = keras.Model(images, ends)
    _, rest = split(model, FUSION)

    def stacked(clips):
        count = clips["rgb"].shape[1]
        maps = [
            towers([x[:, time] for x in clips.values()])
            for time in range(count)
        ]
        streams = zip(clips, zip(*maps, strict=True), strict=True)
        return {stream: ops.stack(x, axis=1) for stream, x in streams}

    return _chained([stacked, rest], shape)


def _chained(parts, shape):
    """Returns parts of a network, called one after the other."""
    inputs = {key: keras.Input(size, name=key) for key, size in shape.items()}
    x = inputs
    for part in parts:
        x = part(x)
    return TwoStreamModel(inputs, x)


# Word -> network of a name and the shapes of its inputs.
FORMS = {
    "whole": whole,
    "conv3d": conv3d,
    "frames": frames,
    "remat layers": remat_layers,
    "remat blocks": remat_blocks,
}


def flops(model, batch_size):
    """Returns the floating-point operations of inference and of training."""
    forward = multiply_adds(model)
    first = multiply_adds(keras.Model(model.input, _first(model)))
    # Backwards costs twice as much, but nobody asks for the pixels' gradient.
    costs = {"inference": forward, "training": 3 * forward - first}
    return {task: 2 * batch_size * cost for task, cost in costs.items()}


def _first(model):
    """Returns the outputs of the layers that no weights come before."""
    fixed, first = {id(x) for x in model.inputs}, []
    for operation in model.operations:
        if isinstance(operation, keras.layers.InputLayer):
            continue
        if {id(x) for x in keras.tree.flatten(operation.input)} <= fixed:
            if getattr(operation, "weights", None):
                first.append(operation.output)
            else:
                fixed |= {id(x) for x in keras.tree.flatten(operation.output)}
    return first


def product(cube):
    """Returns a function of a large float32 product."""
    a = ops.ones((cube, cube), "float32")
    return lambda: ops.convert_to_numpy(ops.matmul(a, a)[0, 0])
