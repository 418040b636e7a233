"""What cannot be fused, and what is said of it."""

import pytest
from networks import tiny
from users_networks import small

from keras_twostream import fuse, layers


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"at": "c22"}, r"rgb network.*no layer 'c22'. Did you mean c2"),
        ({"at": {"rgb": "c2", "flow": "c4"}}, r"flow network.*no layer 'c4'"),
        ({"at": {"rgb": "c2"}}, r"a dict of 'rgb' and 'flow' -> name"),
        ({"at": ["c2"]}, r"at is the name of a layer"),
        ({"method": "conf"}, r"There is no fusion of this name"),
        ({"init": (1, 2, 3)}, r"one number for each of"),
        ({"method": "max", "init": "sum"}, r"has no kernel that init"),
        ({"method": layers.ConvFusion(), "init": "sum"}, r"given by name"),
        ({"frames": 0}, r"frames must be an integer above zero"),
        ({"method": "conv3d"}, r"conv3d cannot fuse at c2"),
        ({"time": {"c2": "max"}}, r"needs frames"),
        ({"align": "stretch", "at": {"rgb": "c2", "flow": "c1"}}, r"mode must"),
    ],
)
def test_what_cannot_be_asked_for(options, message):
    with pytest.raises(ValueError, match=message):
        fuse(small(), small(4), **({"at": "c2"} | options))


def test_networks_that_do_not_go_together():
    with pytest.raises(ValueError, match=r"8 and 6 channels at c2.*concat"):
        fuse(small(), small(4, filters=6), at="c2", method="sum")
    with pytest.raises(ValueError, match=r"about the same classes"):
        fuse(small(), small(4, classes=4), at="c2", keep_temporal=True)
    with pytest.raises(ValueError, match=r"made by the same activation"):
        fuse(small(), small(4, end="linear"), at="c2", keep_temporal=True)
    with pytest.raises(ValueError, match=r"images of a known size"):
        fuse(small(size=None), small(4), at="c2", frames=2)
    spatial, temporal = tiny("spatial", frames=2), tiny("temporal", frames=2)
    with pytest.raises(ValueError, match=r"equally many frames"):
        fuse(spatial, tiny("temporal"), at="relu5")
    with pytest.raises(ValueError, match=r"equally many frames"):
        fuse(spatial, tiny("temporal", frames=3), at="relu5")
    with pytest.raises(ValueError, match=r"ends time itself"):
        fuse(spatial, temporal, at="relu5", frames=2)
