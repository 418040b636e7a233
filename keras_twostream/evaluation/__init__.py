"""How good a network is: results of clips, and what follows from them."""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "PROTOCOLS": "keras_twostream.evaluation.protocols",
    "Protocol": "keras_twostream.evaluation.protocols",
    "Result": "keras_twostream.evaluation.result",
    "GradCam": "keras_twostream.evaluation.cam",
    "compare": "keras_twostream.evaluation.comparing",
    "confusion": "keras_twostream.evaluation.metrics",
    "evaluate": "keras_twostream.evaluation.use",
    "fuse_results": "keras_twostream.evaluation.fusing",
    "load_run": "keras_twostream.evaluation.networks",
    "predict": "keras_twostream.evaluation.use",
    "probe": "keras_twostream.evaluation.probes",
    "read_result": "keras_twostream.evaluation.foreign",
    "select": "keras_twostream.evaluation.selection",
    "summarize": "keras_twostream.evaluation.metrics",
    "view_sweep": "keras_twostream.evaluation.sweep",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
