"""The named networks: one row each, `<fusion>_<location>[_<location>...]`."""

import difflib
import fnmatch

from keras_twostream.models.spec import Paper, Spec


def _table1(row, accuracy):
    return Paper(table=1, row=row, accuracy=accuracy)


def _table2(row, accuracy):
    return Paper(table=2, row=row, accuracy=accuracy)


def _table3(row, accuracy):
    return Paper(table=3, row=row, accuracy=accuracy)


# Accuracies are those of two VGG-M-2048 towers on UCF101, split 1.
MODELS = {
    "spatial": Spec(streams=("rgb",), paper=_table3("Spatial", 74.22)),
    "temporal": Spec(streams=("flow",), paper=_table3("Temporal", 82.34)),
    "sum_softmax": Spec(
        fuse={"softmax": "average"}, paper=_table1("Sum, Softmax", 85.94)
    ),
    "sum_relu5": Spec(
        fuse={"relu5": "sum"}, paper=_table1("Sum, ReLU5", 85.20)
    ),
    "max_relu5": Spec(
        fuse={"relu5": "max"}, paper=_table1("Max, ReLU5", 82.70)
    ),
    "concat_relu5": Spec(
        fuse={"relu5": "concat"},
        paper=_table1("Concatenation, ReLU5", 83.53),
    ),
    "bilinear_relu5": Spec(
        fuse={"relu5": "bilinear"}, paper=_table1("Bilinear, ReLU5", 85.05)
    ),
    "conv_relu5": Spec(
        fuse={"relu5": "conv"}, paper=_table1("Conv, ReLU5", 85.96)
    ),
    "conv_relu2": Spec(fuse={"relu2": "conv"}, paper=_table2("ReLU2", 82.25)),
    "conv_relu3": Spec(fuse={"relu3": "conv"}, paper=_table2("ReLU3", 83.43)),
    "conv_relu4": Spec(fuse={"relu4": "conv"}, paper=_table2("ReLU4", 82.55)),
    "conv_relu5_fc8": Spec(
        fuse={"relu5": "conv", "fc8": "sum"},
        paper=_table2("ReLU5 + FC8", 86.04),
    ),
    "conv_relu3_relu5_fc6": Spec(
        fuse={"relu3": "conv", "relu5": "conv", "fc6": "conv"},
        paper=_table2("ReLU3 + ReLU5 + FC6", 81.55),
    ),
}


def list_models(pattern="*"):
    """Returns the names of the networks that match a shell-style pattern.

    Args:
        pattern: Pattern such as `"conv*"`.
    """
    return [name for name in MODELS if fnmatch.fnmatchcase(name, pattern)]


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
