"""What is wrong with a set of clips, and what a dataset really feeds."""

from keras_twostream._lazy import lazy_exports

# Its workers must not import TensorFlow.
EXPORTS = {
    "Finding": "keras_twostream.doctor.findings",
    "KINDS": "keras_twostream.doctor.findings",
    "Report": "keras_twostream.doctor.report",
    "browse": "keras_twostream.doctor.browsing",
    "examine": "keras_twostream.doctor.examination",
}
MODULES = ("cases", "findings", "likeness", "page", "photometry", "report")

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS, MODULES)
