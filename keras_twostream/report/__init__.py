"""Pictures of results and of networks."""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "draw_network": "keras_twostream.report.network",
    "write_report": "keras_twostream.report.writing",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
