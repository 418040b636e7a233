"""The embedded default: what fusion is for, in a few minutes on a laptop."""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "DemoResult": "keras_twostream.demo.run",
    "run_demo": "keras_twostream.demo.run",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
