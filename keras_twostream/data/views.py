"""Which crop, mirrored or not, belongs to which view of a clip."""

import tensorflow as tf

from keras_twostream.data import augment

# Where the crops of a view's frames lie, as shares of the room above and
# beside them; "three" lie along the longer side.
PLACES = {
    "center": ((0.5, 0.5),),
    "three": ((0.5, 0.0), (0.5, 0.5), (0.5, 1.0)),
    "corners": augment.PLACES,
}


def view_parts(view, places: str, flips: bool):
    """Divides the number of a view into its parts.

    Args:
        view: Integer tensor. Mirror images follow one another first, then
            crops, then moments.
        places: Key of `PLACES`.
        flips: Whether every crop comes mirrored as well.

    Returns:
        The number of the moment, that of the crop, and whether it is
        mirrored, `False` if none is.
    """
    sides, count = (2 if flips else 1), len(PLACES[places])
    mirrored = view % sides == 1 if flips else False
    return view // (sides * count), view // sides % count, mirrored


def view_box(crop, places: str, height, width, image_size, spec):
    """Returns the crop of a view.

    Args:
        crop: Integer tensor, number of the crop.
        places: Key of `PLACES`.
        height: Integer tensor, height of the region in pixels.
        width: Integer tensor, width of the region in pixels.
        image_size: `(height, width)` that the network takes.
        spec: The `CropSpec`, whose `center` is the crop's size.

    Returns:
        `int32 (4,)`: top and left within the region, height and width of the
        crop in pixels.
    """
    box = augment.center_box(height, width, image_size, spec)
    if places == "center":
        return box
    place = tf.constant(PLACES[places])[crop]
    if places == "three":
        place = tf.cond(height > width, lambda: place[::-1], lambda: place)
    size = box[2:]
    room = tf.cast(tf.stack([height, width]) - size, tf.float32)
    return tf.concat([tf.cast(tf.round(room * place), tf.int32), size], 0)
