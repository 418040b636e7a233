"""Keras layers of PyTorch's arrays, applied one by one."""

import keras

# PyTorch's defaults; its momentum of 0.1 is 0.9 in Keras's words.
EPSILON, MOMENTUM = 1e-5, 0.9
# Arrays of a batch normalisation, in the order in which Keras has them.
NORM = ("weight", "bias", "running_mean", "running_var")


class TorchLayers:
    """Applies layers whose arrays are named by PyTorch's modules.

    Layers are called as the modules, with underscores for dots. How many
    channels they have is counted in the arrays.

    Args:
        tensors: Dict of PyTorch's name -> array as PyTorch stores it.

    Attributes:
        arrays: Layer name -> arrays in the order of Keras's weights.
        left: Names in `tensors` that no layer has taken.
    """

    def __init__(self, tensors):
        self.tensors, self.left = tensors, dict.fromkeys(tensors)
        self.arrays = {}

    def take(self, name, shape):
        """Returns an array, once its shape is checked.

        Args:
            name: PyTorch's name.
            shape: Tuple of integers, `None` where any will do.

        Raises:
            ValueError: If there is none, or of another shape.
        """
        if name not in self.tensors:
            raise ValueError(f"{name} is missing")
        found = self.tensors[name].shape
        fits = len(found) == len(shape) and all(
            wanted in (None, size)
            for size, wanted in zip(found, shape, strict=True)
        )
        if not fits:
            wanted = tuple("any" if n is None else n for n in shape)
            raise ValueError(f"{name} must be {wanted}. Found: {found}")
        self.left.pop(name, None)
        return self.tensors[name]

    def convolution(self, x, name, size, stride=1, filters=None, bias=False):
        """Applies a 2D convolution with PyTorch's padding of `size // 2`.

        Args:
            x: Keras tensor `(batch, height, width, channels)`.
            name: PyTorch's name of the module.
            size: Integer, height and width of the kernel, odd.
            stride: Integer, of both axes.
            filters: Integer, number of filters, `None` for any.
            bias: Whether it has a bias.
        """
        label = label_of(name)
        channels = x.shape[-1]
        kernel = self.take(f"{name}.weight", (filters, channels, size, size))
        arrays = [kernel.transpose(2, 3, 1, 0)]
        if bias:
            arrays.append(self.take(f"{name}.bias", kernel.shape[:1]))
        if stride > 1 and size > 1:
            # Both borders alike; Keras's "same" may favour the far one.
            x = keras.layers.ZeroPadding2D(size // 2, name=f"{label}_pad")(x)
        self.arrays[label] = arrays
        return keras.layers.Conv2D(
            len(kernel),
            size,
            stride,
            "same" if stride == 1 else "valid",
            use_bias=bias,
            name=label,
        )(x)

    def norm(self, x, name):
        """Applies a batch normalisation."""
        shape = (x.shape[-1],)
        self.arrays[label_of(name)] = [
            self.take(f"{name}.{part}", shape) for part in NORM
        ]
        return keras.layers.BatchNormalization(
            momentum=MOMENTUM, epsilon=EPSILON, name=label_of(name)
        )(x)

    def dense(self, name, features):
        """Returns the arrays of a dense layer, as Keras has them."""
        kernel = self.take(f"{name}.weight", (None, features))
        return [kernel.T, self.take(f"{name}.bias", kernel.shape[:1])]


def label_of(name):
    """Returns the name of a layer for a module of PyTorch."""
    return name.replace(".", "_")


def max_pool(x, name, before, after):
    """Applies a maximum over 3x3 at stride 2 to a rectified map.

    Nothing there is below zero, so zeros around it change no maximum, as the
    minus infinity around it in PyTorch does not.

    Args:
        x: Keras tensor `(batch, height, width, channels)`.
        name: Name of the layer.
        before: Integer, cells to pad at the top and on the left.
        after: Pair of integers, cells to pad at the bottom and on the right.
    """
    padding = [(before, n) for n in after]
    x = keras.layers.ZeroPadding2D(padding, name=f"{name}_pad")(x)
    return keras.layers.MaxPooling2D(3, 2, name=name)(x)


def relu(x, name):
    """Applies a rectification of a name."""
    return keras.layers.ReLU(name=name)(x)
