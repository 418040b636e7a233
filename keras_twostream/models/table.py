"""The named networks: one row each.

Those of the paper are called `<fusion>_<location>[_<location>...]`, with
`_pool2d` or `_pool3d` after that for clips, and `_plus` where both towers are
kept (the paper's "+"). The models of `temporal.py` have their sources' names.
"""

import difflib
import fnmatch

from keras_twostream.models.spec import Spec, in_table
from keras_twostream.models.temporal import TEMPORAL
from keras_twostream.weights.index import list_weights

VGG_16, MIXED = "VGG-16", "S: VGG-16, T: VGG-M-2048"


def _streams(row, *accuracies):
    """Returns a row of Table 3: (UCF101, HMDB51) for both sizes of tower."""
    sizes = ("VGG-M-2048", VGG_16)
    return tuple(
        in_table(3, row, ucf101, hmdb51, towers)
        for (ucf101, hmdb51), towers in zip(accuracies, sizes, strict=True)
    )


def _clip(**row):
    """Returns a spatiotemporal network of the paper, T = 5."""
    return Spec(frames=5, backbone="vgg16", align="pad", **row)


MODELS = {
    "spatial": Spec(
        streams=("rgb",),
        published=_streams("Spatial", (74.22, 36.77), (82.61, 47.06)),
    ),
    "temporal": Spec(
        streams=("flow",),
        published=_streams("Temporal", (82.34, 51.50), (86.25, 55.23)),
    ),
    "sum_softmax": Spec(
        fuse={"softmax": "average"},
        published=(
            in_table(1, "Sum, Softmax", 85.94),
            *_streams("Late fusion", (85.94, 54.90), (90.62, 58.17)),
            in_table(5, "Two-Stream ConvNet", 88.0, 59.4),
            in_table(5, "Two-Stream ConvNet (VGG-16)", 91.7, 58.7, VGG_16),
        ),
    ),
    "sum_relu5": Spec(
        fuse={"relu5": "sum"}, published=(in_table(1, "Sum, ReLU5", 85.20),)
    ),
    "max_relu5": Spec(
        fuse={"relu5": "max"}, published=(in_table(1, "Max, ReLU5", 82.70),)
    ),
    "concat_relu5": Spec(
        fuse={"relu5": "concat"},
        published=(in_table(1, "Concatenation, ReLU5", 83.53),),
    ),
    "bilinear_relu5": Spec(
        fuse={"relu5": "bilinear"},
        published=(in_table(1, "Bilinear, ReLU5", 85.05),),
    ),
    "conv_relu5": Spec(
        fuse={"relu5": "conv"},
        published=(
            in_table(1, "Conv, ReLU5", 85.96),
            in_table(2, "ReLU5", 85.96),
        ),
    ),
    "conv_relu2": Spec(
        fuse={"relu2": "conv"}, published=(in_table(2, "ReLU2", 82.25),)
    ),
    "conv_relu3": Spec(
        fuse={"relu3": "conv"}, published=(in_table(2, "ReLU3", 83.43),)
    ),
    "conv_relu4": Spec(
        fuse={"relu4": "conv"}, published=(in_table(2, "ReLU4", 82.55),)
    ),
    "conv_relu5_fc8": Spec(
        fuse={"relu5": "conv", "fc8": "sum"},
        published=(in_table(2, "ReLU5 + FC8", 86.04),),
    ),
    "conv_relu3_relu5_fc6": Spec(
        fuse={"relu3": "conv", "relu5": "conv", "fc6": "conv"},
        published=(in_table(2, "ReLU3 + ReLU5 + FC6", 81.55),),
    ),
    "conv_relu5_pool2d": _clip(fuse={"relu5": "conv"}, time={"fc8": "average"}),
    "conv_relu5_pool3d": _clip(fuse={"relu5": "conv"}, time={"pool5": "max"}),
    "conv3d_relu5_pool3d": _clip(
        fuse={"relu5": "conv3d"},
        time={"pool5": "max"},
        published=(
            in_table(5, "Ours (single tower after fusion)", 91.8, 64.6, VGG_16),
        ),
    ),
    "conv_relu5_pool2d_plus": _clip(
        fuse={"relu5": "conv"},
        time={"fc8": "average"},
        keep=True,
        published=(in_table(4, "2D Conv, 2D Pooling", 89.35, 56.93, MIXED),),
    ),
    "conv_relu5_pool3d_plus": _clip(
        fuse={"relu5": "conv"},
        time={"pool5": "max"},
        keep=True,
        published=(in_table(4, "2D Conv, 3D Pooling", 89.64, 57.58, MIXED),),
    ),
    "conv3d_relu5_pool3d_plus": _clip(
        fuse={"relu5": "conv3d"},
        time={"pool5": "max"},
        keep=True,
        published=(
            in_table(4, "3D Conv, 3D Pooling", 90.40, 58.63, MIXED),
            in_table(5, "Ours (S: VGG-16, T: VGG-M)", 90.8, 62.1, MIXED),
            in_table(5, "Ours (VGG-16)", 92.5, 65.4, VGG_16),
        ),
    ),
} | TEMPORAL


def list_models(pattern="*", *, pretrained=False):
    """Returns the names of the networks that match a shell-style pattern.

    Args:
        pattern: Pattern such as `"conv*"`.
        pretrained: Whether to name only those with weights in the zoo, see
            `list_weights`.
    """
    names = [name for name in MODELS if fnmatch.fnmatchcase(name, pattern)]
    if not pretrained:
        return names
    with_weights = {name.partition(".")[0] for name in list_weights()}
    return [name for name in names if name in with_weights]


def get_spec(name):
    """Returns the row of a named network.

    Raises:
        ValueError: If there is no such name; the message lists the names.
    """
    if name in MODELS:
        return MODELS[name]
    close = difflib.get_close_matches(str(name), MODELS, n=3)
    hint = f" Did you mean {' or '.join(close)}?" if close else ""
    raise ValueError(
        f"There is no model {name!r}.{hint} There are: {', '.join(MODELS)}; "
        f"or combine your own: build(fusion='conv', location='relu4')"
    )
