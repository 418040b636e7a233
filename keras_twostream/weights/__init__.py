"""Where numbers come from, and where each of them went."""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "INFLATIONS": "keras_twostream.weights.inflation",
    "Golden": "keras_twostream.weights.entry",
    "LoadReport": "keras_twostream.weights.transfer",
    "Metric": "keras_twostream.weights.entry",
    "Weights": "keras_twostream.weights.entry",
    "WeightsFile": "keras_twostream.weights.entry",
    "assign": "keras_twostream.weights.transfer",
    "get_weights": "keras_twostream.weights.index",
    "list_weights": "keras_twostream.weights.index",
    "load_weights": "keras_twostream.weights.load",
    "read_weights": "keras_twostream.weights.files",
    "transfer": "keras_twostream.weights.transfer",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
