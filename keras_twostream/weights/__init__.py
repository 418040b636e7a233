"""Where numbers come from, and where each of them went."""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "INFLATIONS": "keras_twostream.weights.inflation",
    "LoadReport": "keras_twostream.weights.transfer",
    "assign": "keras_twostream.weights.transfer",
    "load_weights": "keras_twostream.weights.load",
    "read_weights": "keras_twostream.weights.files",
    "transfer": "keras_twostream.weights.transfer",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
