"""Everything that a `.keras` file of this package may name."""

from keras_twostream import layers
from keras_twostream.models.network import TwoStreamModel

__all__ = ["TwoStreamModel", "layers"]
