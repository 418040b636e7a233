"""Two-stream networks: what they are as data, and the one `build`."""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "ModelInfo": "keras_twostream.models.info",
    "Published": "keras_twostream.models.spec",
    "Spec": "keras_twostream.models.spec",
    "build": "keras_twostream.models.build",
    "list_models": "keras_twostream.models.table",
    "model_info": "keras_twostream.models.info",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
