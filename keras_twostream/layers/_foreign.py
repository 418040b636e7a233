"""TensorFlow's graphs under other backends: layers in `tf.data` maps.

There the tensors are TensorFlow's, and Keras's random numbers are not to be
had; `keras_twostream.transforms` takes them as they are.
"""

import sys

import keras
from keras import ops


def in_foreign_graph(values):
    """Whether these are tensors of a `tf.data` map under another backend."""
    tensorflow = sys.modules.get("tensorflow")
    return (
        keras.backend.backend() != "tensorflow"
        and tensorflow is not None
        and not tensorflow.executing_eagerly()
        and any(tensorflow.is_tensor(x) for x in keras.tree.flatten(values))
    )


def as_float(x):
    """Returns a tensor, TensorFlow's or the backend's, in float32."""
    if in_foreign_graph(x):
        return sys.modules["tensorflow"].cast(x, "float32")
    return ops.cast(x, "float32")


class Chance:
    """Random numbers for the tensors of a layer, wherever it is called.

    Args:
        seed_generator: The layer's own `keras.random.SeedGenerator`. In a
            `tf.data` map under another backend its seed starts a generator of
            TensorFlow's.
    """

    def __init__(self, seed_generator):
        self.seed_generator = seed_generator
        self._tensorflow_generator = None

    def uniform(self, like, count):
        """Draws from [0, 1): `float32 (N, count)` for `like`, `(N, ...)`."""
        if in_foreign_graph(like):
            random = sys.modules["tensorflow"].random
            shape, seed = self._foreign(like, count)
            return random.stateless_uniform(shape, seed)
        shape, seed = (ops.shape(like)[0], count), self.seed_generator
        return keras.random.uniform(shape, dtype="float32", seed=seed)

    def gamma(self, like, count, alpha):
        """Draws `float32 (N, count)` of a gamma distribution of `alpha`."""
        if in_foreign_graph(like):
            random = sys.modules["tensorflow"].random
            shape, seed = self._foreign(like, count)
            return random.stateless_gamma(shape, seed, alpha)
        shape, seed = (ops.shape(like)[0], count), self.seed_generator
        return keras.random.gamma(shape, alpha, dtype="float32", seed=seed)

    def _foreign(self, like, count):
        """Returns a shape and a new seed, as TensorFlow's tensors."""
        tensorflow = sys.modules["tensorflow"]
        if self._tensorflow_generator is None:
            with tensorflow.init_scope():
                first = ops.convert_to_numpy(self.seed_generator.state)[0]
                generator = tensorflow.random.Generator.from_seed(int(first))
            self._tensorflow_generator = generator
        seed = self._tensorflow_generator.make_seeds()[:, 0]
        return (tensorflow.shape(like)[0], count), seed
