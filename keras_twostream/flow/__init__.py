"""Optical flow: how it is specified, estimated, stored and shown.

Names are loaded on first use, so that `FlowSpec` costs no OpenCV import.
"""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "ESTIMATORS": "keras_twostream.flow.estimators",
    "FlowMismatchError": "keras_twostream.flow.contract",
    "FlowMismatchWarning": "keras_twostream.flow.contract",
    "FlowSpec": "keras_twostream.flow.spec",
    "color_wheel_legend": "keras_twostream.flow.colors",
    "dequantize": "keras_twostream.flow.codec",
    "flow_to_image": "keras_twostream.flow.colors",
    "quantize": "keras_twostream.flow.codec",
    "read_flo": "keras_twostream.flow.io",
    "to_gray": "keras_twostream.flow.estimators",
    "write_flo": "keras_twostream.flow.io",
}
MODULES = ("codec", "colors", "contract", "estimators", "io", "spec")

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS, MODULES)
