"""Which fusion, where, for one's own clips: searched, and judged honestly."""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "Amounts": "keras_twostream.search.jobs",
    "Column": "keras_twostream.search.columns",
    "Costs": "keras_twostream.search.limits",
    "FusionHyperModel": "keras_twostream.search.hypermodel",
    "Limits": "keras_twostream.search.limits",
    "Plan": "keras_twostream.search.plan",
    "Searched": "keras_twostream.search.searching",
    "Setting": "keras_twostream.search.setting",
    "Space": "keras_twostream.search.space",
    "importance": "keras_twostream.search.importance",
    "prepared": "keras_twostream.search.preparing",
    "recipes_column": "keras_twostream.search.columns",
    "rows_column": "keras_twostream.search.columns",
    "search": "keras_twostream.search.searching",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
