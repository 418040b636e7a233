"""Folders of video files -> prepared clips -> `tf.data` datasets."""

from keras_twostream._lazy import lazy_exports

# Public name -> module that defines it. Workers that only decode videos must
# not import TensorFlow.
EXPORTS = {
    "Clips": "keras_twostream.data.clips",
    "CropSpec": "keras_twostream.data.crop",
    "Prepared": "keras_twostream.data.cache",
    "SampleSpec": "keras_twostream.data.samples",
    "clips_dataset": "keras_twostream.data.pipeline",
    "list_clips": "keras_twostream.data.listing",
    "prepare": "keras_twostream.data.cache",
    "split_clips": "keras_twostream.data.splits",
    "video_dataset_from_directory": "keras_twostream.data.directory",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
