"""From a folder of clips to a trained network."""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "EpochPlace": "keras_twostream.training.devices",
    "Features": "keras_twostream.training.features",
    "NotFiniteError": "keras_twostream.training.state",
    "Recipe": "keras_twostream.training.recipe",
    "facts_of": "keras_twostream.training.facts",
    "finetune": "keras_twostream.training.finetuning",
    "freeze": "keras_twostream.training.freezing",
    "list_recipes": "keras_twostream.training.recipes",
    "on_devices": "keras_twostream.training.devices",
    "on_workers": "keras_twostream.training.workers",
    "probe_run": "keras_twostream.training.probing",
    "read_recipe": "keras_twostream.training.recipes",
    "shared": "keras_twostream.training.workers",
    "split": "keras_twostream.models.cutting",
    "split_fixed": "keras_twostream.models.cutting",
    "train": "keras_twostream.training.run",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
