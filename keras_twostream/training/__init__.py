"""From a folder of clips to a trained network, and from clips to answers."""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "Recipe": "keras_twostream.training.recipe",
    "evaluate": "keras_twostream.training.use",
    "freeze": "keras_twostream.training.freezing",
    "load_run": "keras_twostream.training.use",
    "predict": "keras_twostream.training.use",
    "split": "keras_twostream.training.freezing",
    "train": "keras_twostream.training.run",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
