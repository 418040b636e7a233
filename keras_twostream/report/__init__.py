"""Pictures of results and of networks."""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "draw_curves": "keras_twostream.report.curves",
    "draw_network": "keras_twostream.report.network",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
