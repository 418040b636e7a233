"""Files behind addresses: `s3://`, `gs://`, `https://` and their like.

Nothing here imports TensorFlow until it is needed.
"""

from keras_twostream._lazy import lazy_exports

EXPORTS = {
    "Address": "keras_twostream.remote.address",
    "as_path": "keras_twostream.remote.address",
    "borrowing": "keras_twostream.remote.copies",
    "graph_files": "keras_twostream.remote.graph",
    "is_remote": "keras_twostream.remote.address",
    "local_copy": "keras_twostream.remote.copies",
    "mirrored": "keras_twostream.remote.mirror",
    "sizes": "keras_twostream.remote.graph",
    "stamp": "keras_twostream.remote.copies",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
