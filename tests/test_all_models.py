"""What holds for every named network."""

import keras
import numpy as np
import pytest
from networks import FRAMES, MOBILENET, inputs_for, shapes_only, sketch, tiny_of

from keras_twostream import list_models
from keras_twostream.models.network import answer
from keras_twostream.models.table import MODELS

NAMES = list_models()


@pytest.mark.parametrize("name", NAMES)
def test_inputs_and_outputs_of_the_source(name):
    spec = MODELS[name]
    model = sketch(name)
    channels = {"rgb": 3, "flow": 2 if name == "i3d" else 20}
    clip = (spec.frames,) if spec.frames else ()
    assert {key: x.shape for key, x in model.input.items()} == {
        s: (None, *clip, *spec.image_size, channels[s]) for s in spec.streams
    }
    assert answer(model.output).shape == (None, 101)
    assert model.name == name


@pytest.mark.parametrize("name", NAMES)
def test_other_sizes(name):
    options = {"input_shape": (64, 48), "flow_frames": 3, "num_classes": 7}
    if MODELS[name].frames:
        options["frames"] = FRAMES.get(name, 4) + 5
    with shapes_only():
        model = tiny_of(name, **options)
    assert answer(model.output).shape == (None, 7)
    for stream, x in model.input.items():
        assert x.shape[-3:] == (64, 48, {"rgb": 3, "flow": 6}[stream])
        if MODELS[name].frames:
            assert x.shape[1] == options["frames"]


@pytest.mark.parametrize("name", NAMES)
def test_features_without_the_top(name):
    spec = MODELS[name]
    if "softmax" in spec.fuse or "fc8" in spec.fuse or "fc6" in spec.fuse:
        with pytest.raises(ValueError, match="Without its top"):
            tiny_of(name, include_top=False)
        return
    with shapes_only():
        maps = tiny_of(name, include_top=False, pooling="avg").output
    maps = maps if spec.keep else {"": maps}
    for x in maps.values():
        assert len(x.shape) in (2, 3)
        assert None not in x.shape[1:]
    assert spec.keep == (len(maps) == 2)


@pytest.mark.slow
@pytest.mark.parametrize("backbone", [MOBILENET, "resnet50_v2", "vgg16"])
@pytest.mark.parametrize("name", NAMES)
def test_other_backbones(name, backbone):
    options = {"backbone": backbone, "input_shape": (64, 64)}
    if MODELS[name].clips:
        with pytest.raises(ValueError, match="3D convolutions"):
            tiny_of(name, **options)
        return
    if (name, backbone) == ("concat_relu5", "resnet50_v2"):
        # Its next layers are added to a map of as many channels as before.
        with pytest.raises(ValueError, match="fuse by 'conv' or 'sum'"):
            tiny_of(name, **options)
        return
    with shapes_only():
        model = tiny_of(name, **options)
    assert answer(model.output).shape == (None, 5)
    several = MODELS[name].keep or MODELS[name].per_step
    assert isinstance(model.output, dict) == several


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
@pytest.mark.parametrize("name", NAMES)
def test_half_precision_keeps_the_scores_whole(name, dtype, policy):
    single = tiny_of(name)
    inputs = inputs_for(single)
    expected = keras.ops.convert_to_numpy(answer(single(inputs)))
    policy(dtype)
    model = tiny_of(name)
    model.set_weights(single.get_weights())
    scores = answer(model(inputs))
    assert keras.backend.standardize_dtype(scores.dtype) == "float32"
    scores = keras.ops.convert_to_numpy(scores)
    np.testing.assert_allclose(scores.sum(-1), 1, atol=1e-3)
    np.testing.assert_allclose(scores, expected, atol=0.05)
