"""Everything that a `.keras` file of this package may name."""

# As modules: one of them may be the very one that is importing Keras, and so
# only half imported itself.
import keras_twostream.layers
import keras_twostream.models.network  # noqa: F401
