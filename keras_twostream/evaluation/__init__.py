"""How good a network is: results of clips, and what follows from them."""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "PROTOCOLS": "keras_twostream.evaluation.protocols",
    "Protocol": "keras_twostream.evaluation.protocols",
    "Result": "keras_twostream.evaluation.result",
    "compare": "keras_twostream.evaluation.comparing",
    "confusion": "keras_twostream.evaluation.metrics",
    "evaluate": "keras_twostream.evaluation.use",
    "load_run": "keras_twostream.evaluation.networks",
    "predict": "keras_twostream.evaluation.use",
    "summarize": "keras_twostream.evaluation.metrics",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
