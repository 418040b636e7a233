"""Files of MatConvNet in all the forms that are converted."""

import matconvnet_nets as nets
import numpy as np
from matconvnet_files import row, write, write_hdf5
from matconvnet_fusion import fuse

MEAN = np.array([123.66, 116.77, 103.93])
NAMES = [f"class {i}" for i in range(nets.CLASSES)]
# What the authors' files keep of the network that they started from.
IMAGENET = [f"n{i:08}" for i in range(2 * nets.CLASSES)]


def mean_image(size):
    """Returns a mean image of that mean colour, in single precision."""
    ramp = np.linspace(-9, 9, size)[:, None, None]
    return (np.ones((size, size, 3)) * MEAN + ramp).astype("float32")


def old_chain(path):
    """A SimpleNN as published in 2014: no meta, filters and biases."""
    chain = nets.vgg_m()
    content = {
        "layers": nets.old_form(chain),
        "normalization": {
            "imageSize": row(113, 113, 3),
            "averageImage": mean_image(113),
        },
        "classes": {"name": IMAGENET[:7], "description": NAMES},
    }
    return write(path, content), nets.from_simple(chain)


def new_chain(path):
    """A SimpleNN of flow in a variable, with weights and meta."""
    chain = nets.vgg_m(channels=20)
    chain = [layer for layer in chain if layer.get("name") != "norm2"]
    normal = {"imageSize": row(113, 113, 20), "averageImage": row(*[128] * 20)}
    net = {"layers": chain, "meta": {"normalization": normal, "classes": []}}
    return write(path, {"net": net}), nets.from_simple(chain)


def stream(channels, seed=0):
    return nets.from_simple(nets.vgg_16(channels, seed))


def flow_stream(path, writer=write):
    """The authors' stream of flow: a DagNN beside what training leaves."""
    net = stream(20)
    average = np.full((1, 1, 20), 128.0)
    size = (*nets.VGG_SIZE, 20)
    content = {"net": nets.finished(net, average, size, IMAGENET)}
    left = {"stats": {"train": row(1)}, "opts": {"expDir": "somewhere"}}
    return writer(path, content | left), net


def flow_stream_7_3(path):
    return flow_stream(path, write_hdf5)


def rgb_stream(path, seed=0):
    net = stream(3, seed)
    size = (*nets.VGG_SIZE, 3)
    done = nets.finished(net, mean_image(64), size, IMAGENET)
    return write(path, {"net": done}), net


def residual(path, net=None):
    """A DagNN as imported from Caffe, at the top level of its file."""
    net = net or nets.resnet()
    average = MEAN[None, None].astype("float32")
    done = nets.finished(net, average, (64, 64, 3), NAMES)
    return write(path, done), net


def others(path):
    return residual(path, nets.others())


def fused(path, **options):
    """The authors' fused network; means of both streams, flow first."""
    net = fuse(stream(3), stream(20, seed=1), **options)
    average = np.concatenate([np.full(20, 128.0), MEAN])[None, None]
    done = nets.finished(net, average, (*nets.VGG_SIZE, 20), IMAGENET)
    return write(path, {"net": done, "stats": []}), net


def fused_images(path):
    return fused(path, clips=False, keep=False)


CASES = {
    "dag_7_3": flow_stream_7_3,
    "dag_flow": flow_stream,
    "dag_rgb": rgb_stream,
    "fused": fused,
    "fused_images": fused_images,
    "others": others,
    "resnet": residual,
    "simple_new": new_chain,
    "simple_old": old_chain,
}
