"""What happens to RGB frames and their flow together, as pure functions.

A sample is `{"rgb": (N, [T,] H, W, 3), "flow": (N, [T,] H, W, 2L)}`, or one of
the two: RGB from 0 to 255, flow in pixels per step with channels u, v, u, v,
... . The first axis is always the batch. Chance is an argument: a number is
shared by the whole batch, a tensor `(N,)` has one for each clip, and all frames
and both streams of a clip are transformed alike.

The functions take TensorFlow tensors, under whichever backend Keras runs, and
whatever `keras.ops` takes; so the input pipeline and the layers share them.
"""

from keras_twostream._lazy import lazy_exports

# Public name -> module that defines it.
EXPORTS = {
    "beta_weights": "keras_twostream.transforms.chance",
    "choose": "keras_twostream.transforms.streams",
    "compose": "keras_twostream.transforms.fields",
    "compose_runs": "keras_twostream.transforms.fields",
    "crop": "keras_twostream.transforms.cropping",
    "crop_boxes": "keras_twostream.transforms.chance",
    "cut_boxes": "keras_twostream.transforms.chance",
    "cut_mix": "keras_twostream.transforms.mixing",
    "erase": "keras_twostream.transforms.mixing",
    "flip": "keras_twostream.transforms.space",
    "invert": "keras_twostream.transforms.fields",
    "invert_stack": "keras_twostream.transforms.fields",
    "jitter": "keras_twostream.transforms.color",
    "mix_up": "keras_twostream.transforms.mixing",
    "resized_crop": "keras_twostream.transforms.cropping",
    "reverse_time": "keras_twostream.transforms.motion",
    "rotate": "keras_twostream.transforms.space",
    "scale_vectors": "keras_twostream.transforms.streams",
    "speed_up": "keras_twostream.transforms.motion",
    "warp": "keras_twostream.transforms.fields",
}

__getattr__, __dir__, __all__ = lazy_exports(__name__, EXPORTS)
