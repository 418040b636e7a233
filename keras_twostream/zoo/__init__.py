"""Trained networks by name, file, folder or address; made, kept, verified."""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "load": "keras_twostream.zoo.loading",
    "model_card": "keras_twostream.zoo.card",
    "publish": "keras_twostream.zoo.publishing",
    "save_to_preset": "keras_twostream.zoo.preset",
    "verify": "keras_twostream.zoo.verifying",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
