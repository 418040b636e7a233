"""Lists of videos -> clips prepared once -> `tf.data` datasets."""

from keras_twostream._lazy import lazy_exports

# Public name -> module that defines it. Workers that only decode videos must
# not import TensorFlow.
EXPORTS = {
    "Clips": "keras_twostream.clips.clips",
    "CropSpec": "keras_twostream.data.crop",
    "Dask": "keras_twostream.preparation.engines",
    "Local": "keras_twostream.preparation.executors",
    "Prepared": "keras_twostream.preparation.cache",
    "PreparedSet": "keras_twostream.preparation.prepared",
    "Ray": "keras_twostream.preparation.engines",
    "SampleSpec": "keras_twostream.data.samples",
    "cache_clips": "keras_twostream.preparation.cache",
    "clips_dataset": "keras_twostream.data.pipeline",
    "is_prepared": "keras_twostream.preparation.prepared",
    "list_clips": "keras_twostream.clips.listing",
    "list_layout": "keras_twostream.clips.layouts",
    "open_prepared": "keras_twostream.preparation.prepared",
    "prepare": "keras_twostream.preparation.preparing",
    "read_clips": "keras_twostream.clips.lists",
    "read_list": "keras_twostream.clips.lists",
    "split_clips": "keras_twostream.clips.splits",
    "video_dataset_from_directory": "keras_twostream.data.directory",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
