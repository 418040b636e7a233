"""From a folder of clips to a trained network, and from clips to answers."""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "FrozenBelow": "keras_twostream.training.frozen",
    "Recipe": "keras_twostream.training.recipe",
    "clip_maps": "keras_twostream.training.frozen",
    "evaluate": "keras_twostream.training.use",
    "facts_of": "keras_twostream.training.facts",
    "freeze": "keras_twostream.training.freezing",
    "load_run": "keras_twostream.training.use",
    "predict": "keras_twostream.training.use",
    "split": "keras_twostream.training.freezing",
    "train": "keras_twostream.training.run",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
