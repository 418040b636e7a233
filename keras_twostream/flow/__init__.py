"""Optical flow: how it is specified, estimated, stored and shown.

Names are loaded on first use, so that `FlowSpec` costs no OpenCV import.
"""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "ESTIMATORS": "keras_twostream.flow.estimators",
    "FlowMismatchError": "keras_twostream.flow.contract",
    "FlowMismatchWarning": "keras_twostream.flow.contract",
    "FlowSpec": "keras_twostream.flow.spec",
    "add_estimator": "keras_twostream.flow.own",
    "bound_of": "keras_twostream.flow.bounds",
    "camera_motion": "keras_twostream.flow.camera",
    "color_wheel_legend": "keras_twostream.flow.colors",
    "compensate": "keras_twostream.flow.camera",
    "dequantize": "keras_twostream.flow.codec",
    "flow_to_image": "keras_twostream.flow.colors",
    "quantize": "keras_twostream.flow.codec",
    "read_flo": "keras_twostream.flow.io",
    "restore_field": "keras_twostream.flow.storage",
    "store_field": "keras_twostream.flow.storage",
    "to_gray": "keras_twostream.flow.estimators",
    "write_flo": "keras_twostream.flow.io",
}
MODULES = (
    "bounds",
    "camera",
    "codec",
    "colors",
    "contract",
    "estimators",
    "io",
    "own",
    "rules",
    "spec",
    "storage",
)

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS, MODULES)
