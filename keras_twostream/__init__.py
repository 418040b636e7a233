"""Two-stream (RGB and optical flow) action recognition in Keras 3.

Importing this package is cheap: Keras and everything heavy is imported when
a name is first used. The layers register themselves with Keras as soon as
both packages are imported, in either order, so that `keras.saving.load_model`
opens saved models after a plain `import keras_twostream`.
"""

from keras_twostream._lazy import lazy_exports, when_imported
from keras_twostream._runtime import pool_cpu_memory

__version__ = "0.1.0"

# Public name -> module that defines it.
EXPORTS = {
    "FlowSpec": "keras_twostream.flow.spec",
    "build": "keras_twostream.models.build",
    "convert": "keras_twostream.converters",
    "evaluate": "keras_twostream.evaluation.use",
    "finetune": "keras_twostream.training.finetuning",
    "fuse": "keras_twostream.models.surgery",
    "get_weights": "keras_twostream.weights.index",
    "keep_streams": "keras_twostream.models.subset",
    "list_models": "keras_twostream.models.table",
    "list_weights": "keras_twostream.weights.index",
    "load": "keras_twostream.zoo.loading",
    "model_info": "keras_twostream.models.info",
    "predict": "keras_twostream.evaluation.use",
    "read_record": "keras_twostream.models.record",
    "stream_balance": "keras_twostream.models.balance",
    "train": "keras_twostream.training.run",
    "transfer": "keras_twostream.weights.transfer",
}
MODULES = (
    "backbones",
    "data",
    "evaluation",
    "flow",
    "layers",
    "models",
    "report",
    "search",
    "training",
    "video",
    "weights",
    "zoo",
)

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS, MODULES)

pool_cpu_memory()
when_imported("keras", "keras_twostream._serializable")
