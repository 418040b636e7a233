"""The temporal models that the paper builds on or is compared with: rows.

By default they are networks of RGB alone, but for I3D; `build(name,
streams=("rgb", "flow"))` makes each of them a two-stream network. Any image
network can take the place of their own.
"""

from keras_twostream.models.spec import Spec, in_table

# What temporal models pool over, in frames (Ng et al. 2015): windows of 10
# every 5.
WINDOW, STRIDE = 10, 5
WINDOWS = {
    "kind": "pool3d",
    "pool_size": (WINDOW, 1, 1),
    "strides": (STRIDE, 1, 1),
}

KARPATHY = (
    "Karpathy et al., Large-scale Video Classification with Convolutional "
    "Neural Networks, CVPR 2014"
)
NG = "Ng et al., Beyond Short Snippets, CVPR 2015"


def _temporal(source, **row):
    """Returns a temporal model, by default of RGB alone."""
    return Spec(**({"streams": ("rgb",)} | row), source=source)


TEMPORAL = {
    "single_frame": _temporal(
        KARPATHY, backbone="karpathy", image_size=(170, 170)
    ),
    "early_fusion": _temporal(
        KARPATHY,
        time={"input": "concat"},
        frames=10,
        backbone="karpathy",
        image_size=(170, 170),
    ),
    "late_fusion": _temporal(
        KARPATHY,
        time={"pool5": "concat"},
        frames=2,
        backbone="karpathy",
        image_size=(170, 170),
    ),
    "slow_fusion": _temporal(
        KARPATHY,
        frames=10,
        backbone="karpathy_slow",
        clips=True,
        image_size=(170, 170),
        published=(
            in_table(5, "Spatiotemporal ConvNet", 65.4, towers="its own"),
        ),
    ),
    "conv_pooling": _temporal(
        NG,
        time={"pool5": "max"},
        frames=30,
        published=(
            in_table(5, "Two-Stream Conv Pooling", 88.2, towers="GoogLeNet"),
        ),
    ),
    "late_pooling": _temporal(NG, time={"relu7": "max"}, frames=30),
    "slow_pooling": _temporal(
        NG, time={"pool5": WINDOWS, "relu6": "max"}, frames=30
    ),
    "local_pooling": _temporal(
        NG, time={"pool5": WINDOWS, "relu7": "concat"}, frames=30
    ),
    "time_domain_conv": _temporal(
        NG,
        time={
            "pool5": [
                {
                    "kind": "conv",
                    "filters": 256,
                    "kernel_size": (WINDOW, 3, 3),
                    "strides": STRIDE,
                },
                "max",
            ]
        },
        frames=30,
    ),
    "lstm": _temporal(
        NG,
        time={
            "relu7": {"kind": "lstm", "units": 512, "num_layers": 5},
            "softmax": "ramp",
        },
        per_step=True,
        frames=30,
    ),
    "lrcn": _temporal(
        "Donahue et al., Long-term Recurrent Convolutional Networks, CVPR 2015",
        # Their fc7 variant; with RGB and flow averaged as in their best row.
        time={
            "relu7": {"kind": "lstm", "units": 256},
            "softmax": "average",
        },
        per_step=True,
        frames=16,
        published=(in_table(5, "LRCN", 82.9, towers="CaffeNet"),),
    ),
    "c3d": _temporal(
        "Tran et al., Learning Spatiotemporal Features with 3D Convolutional "
        "Networks, ICCV 2015",
        frames=16,
        backbone="c3d",
        clips=True,
        image_size=(112, 112),
        published=(in_table(5, "C3D", 85.2, towers="its own"),),
    ),
    "i3d": _temporal(
        "Carreira, Zisserman, Quo Vadis, Action Recognition? A New Model and "
        "the Kinetics Dataset, CVPR 2017",
        streams=("rgb", "flow"),
        # The source adds the logits, which ranks the classes alike.
        fuse={"fc8": "average"},
        frames=64,
        flow_frames=1,
        backbone="i3d",
        clips=True,
    ),
    "tsn": _temporal(
        "Wang et al., Temporal Segment Networks, ECCV 2016",
        time={"fc8": "average"},
        frames=3,
    ),
    "bilinear_cnn": _temporal(
        "Lin, RoyChowdhury, Maji, Bilinear CNN Models, ICCV 2015",
        time={"relu5": "bilinear"},
    ),
}
