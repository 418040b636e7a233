"""Flow of transformed frames is transformed flow: rendered and real motion."""

import cv2
import numpy as np
import pytest
import tensorflow as tf
from motions import (
    as_tensors,
    compare,
    forgetful,
    sample_of,
    scene_of,
    unexplained,
    with_squares,
)

from keras_twostream import transforms
from keras_twostream.data import sampling
from keras_twostream.flow import estimators, io
from keras_twostream.video import read_video, synthetic
from keras_twostream.video.scenes import SUBPIXELS


def part(sample, top, left, high, wide, size):
    """A crop, everything being a share of the frame's sides."""
    height, width = sample["rgb"].shape[2:4]
    sides = np.array([height, width])
    box = np.rint([*(sides * (top, left)), *(sides * (high, wide))])
    size = tuple(np.rint(sides * size).astype(int).tolist())
    return transforms.resized_crop(sample, np.float32(box), size)


CHANGES = {
    "mirrored": lambda s: transforms.flip(s, "horizontal"),
    "upside down": lambda s: transforms.flip(s, "vertical"),
    "leaning": lambda s: transforms.rotate(s, 0.35),
    "lying": lambda s: transforms.rotate(s, np.pi / 2),
    "thrown": lambda s: transforms.rotate(s, -2.3, "constant"),
    "wide": lambda s: part(s, 0.1, 0.05, 0.75, 0.65, (0.6, 1.0)),
    "high": lambda s: part(s, 0.0, 0.2, 0.8, 0.75, (1.2, 0.4)),
    "cut": lambda s: part(s, 0.2, 0.2, 0.75, 0.75, (0.75, 0.75)),
}
every_change = pytest.mark.parametrize("change", CHANGES)


def moving(flow, least=1.0):
    return np.linalg.norm(np.nan_to_num(flow), axis=-1) > least


def check(frames, flow, change, better):
    # The middle of what is large, to be quick.
    top, left = (max(0, size - 200) // 2 for size in flow.shape[:2])
    flow = flow[top : top + 200, left : left + 200]
    frames = [x[top : top + 200, left : left + 200] for x in frames]
    known = np.isfinite(flow).all(-1)
    sample = sample_of(frames, np.nan_to_num(flow))
    # Where flow explains the frames: not where the background is covered.
    mask = known & moving(flow) & (unexplained(sample) < 10)
    assert mask.mean() > 0.05
    before, after, wrong = compare(sample, mask, CHANGES[change])
    assert after < 1.5 * before
    if change != "cut":
        assert after < better * wrong


@every_change
def test_rendered_motion(change):
    # Two squares that go left and right: v is 0, so nothing of it is lost if
    # flow is turned upside down.
    frames, flow = synthetic.render(scene_of(seed=3))
    better = 1.1 if change == "upside down" else 0.5
    check(frames[4:6], flow[4], change, better)


@every_change
@pytest.mark.parametrize(
    "pair", ["0000000", pytest.param("0000001", marks=pytest.mark.slow)]
)
def test_flying_chairs(test_data, change, pair):
    folder = test_data / "flow" / "flyingchairs"
    frames = [
        cv2.imread(str(folder / f"{pair}-img{k}.ppm"))[..., ::-1]
        for k in (0, 1)
    ]
    check(frames, io.read_flo(folder / f"{pair}-gt.flo"), change, 0.5)


@every_change
def test_middlebury(test_data, change):
    folder = test_data / "flow" / "middlebury_RubberWhale"
    frames = [
        cv2.imread(str(folder / f"frame1{k}.png"))[..., ::-1] for k in (0, 1)
    ]
    check(frames, io.read_flo(folder / "flow10.flo"), change, 0.65)


def estimated(frames):
    estimate = estimators.get("dis_medium")
    grey = [
        estimators.to_gray(np.clip(np.rint(x), 0, 255).astype("uint8"))
        for x in frames
    ]
    return estimate(*grey)


@pytest.fixture(scope="module")
def throw(test_data):
    """Three frames of a clip in which camera and people move."""
    folder = test_data / "clips" / "ucf101" / "JavelinThrow"
    return read_video(folder / "v_JavelinThrow_g21_c03.avi")[20:23]


def distance(one, other, border=0):
    difference = np.linalg.norm(np.asarray(one) - np.asarray(other), axis=-1)
    if border:
        difference = difference[border:-border, border:-border]
    return difference.mean()


@every_change
def test_estimated_flow_of_a_real_clip(throw, change):
    sample = as_tensors(sample_of(throw[:2], estimated(throw[:2])))
    change, is_cut = CHANGES[change], change == "cut"
    changed = change(sample)
    found = estimated(np.asarray(changed["rgb"])[0])
    told = changed["flow"][0, 0]
    wrong = forgetful(change)(sample)["flow"][0, 0]
    # Where the frame ends, what a rotation fills in is anybody's guess.
    size = np.linalg.norm(found, axis=-1)[50:-50, 50:-50].mean()
    error = distance(found, told, 50)
    assert error < 0.25 * size
    if not is_cut:
        assert error < 0.5 * distance(found, wrong, 50)


def test_estimated_flow_backwards(throw):
    there, back = estimated(throw[:2]), estimated(throw[1::-1])
    errors = [
        distance(transforms.invert(tf.constant(there[None]), n)[0], back)
        for n in (0, 1)
    ]
    assert errors[1] < 0.9 * errors[0]
    assert errors[1] < 0.12 * np.linalg.norm(back, axis=-1).mean()


def test_estimated_flow_over_two_steps(throw):
    steps = [tf.constant(estimated(throw[k : k + 2])[None]) for k in (0, 1)]
    both = estimated(throw[::2])
    error = distance(transforms.compose(*steps)[0], both)
    assert error < 0.15 * np.linalg.norm(both, axis=-1).mean()
    assert error < distance(steps[0] + steps[1], both)


def test_flow_of_a_mirrored_scene_is_mirrored_flow():
    scene = scene_of(seed=5)
    side = scene.size * SUBPIXELS
    mirror = with_squares(
        scene,
        start=lambda s: side - s.start - s.width * SUBPIXELS,
        velocity=lambda s: -s.velocity,
    )
    _, flow = synthetic.render(scene)
    _, expected = synthetic.render(mirror)
    found = transforms.flip({"flow": tf.constant(flow)})["flow"]
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("seed", range(3))
def test_flow_of_a_scene_played_backwards(seed):
    scene = scene_of(seed=seed)
    _, flow = synthetic.render(scene)
    _, expected = synthetic.render(scene.reverse())
    there = tf.constant(flow[::-1])
    found = [transforms.invert(there, n).numpy() for n in (0, 1)]
    same = moving(flow[::-1], 0) == moving(expected, 0)
    # Of first order: right but for what a square covers and uncovers.
    np.testing.assert_array_equal(found[0][same], expected[same])
    assert (found[0] != expected).any()
    assert (
        abs(found[1] - expected).mean() < 0.75 * abs(found[0] - expected).mean()
    )


def test_flow_of_a_scene_at_twice_the_speed():
    scene = scene_of(seed=2, frames=9)
    frames, flow = synthetic.render(scene)
    fast = with_squares(scene, velocity=lambda s: 2 * s.velocity)
    same_frames, expected = synthetic.render(fast)
    np.testing.assert_array_equal(same_frames[:5], frames[::2])
    fields = np.concatenate([*flow], -1)[None]
    stack = transforms.speed_up({"flow": tf.constant(fields)}, 2)["flow"]
    found = np.moveaxis(np.reshape(stack, (64, 64, 4, 2)), 2, 0)
    kernel = np.ones((1, 7), "uint8")
    for one, other in zip(found, expected[:4], strict=True):
        shows = (other[..., 0] != 0).astype("uint8")
        within = cv2.erode(shows, kernel) | cv2.erode(1 - shows, kernel)
        # A square's own edges are read between moving and still pixels.
        differs = ~np.isclose(one, other, atol=1e-5).all(-1)
        assert within.mean() > 0.7
        assert not (differs & (within == 1) & (shows == 1)).any()


def test_backwards_stacks_lead_from_each_frame_to_the_next(rng):
    # A picture that is pulled to the right, faster and faster.
    picture = rng.uniform(0, 255, (40, 60, 3)).astype("float32")
    steps = np.arange(15)
    places = np.concatenate([[0], np.cumsum(steps)])
    frames = np.stack([np.roll(picture, x, axis=1) for x in places])
    flow = np.zeros((15, 40, 60, 2), "float32")
    flow[..., 0] = steps[:, None, None]
    centers = np.int32([5, 6, 7])
    stacks = np.array(sampling.stack_fields(tf.constant(centers), 16, 4))
    sample = {
        "rgb": tf.constant(frames[centers][None]),
        "flow": tf.concat([*np.moveaxis(flow[stacks], 1, 0)], -1)[None],
    }
    back = transforms.reverse_time(sample)
    naive = back | {"flow": -sample["flow"][:, ::-1]}
    errors = []
    for played in (sample, back, naive):
        # The third of four fields starts at the stack's own frame.
        pair = {"rgb": played["rgb"], "flow": played["flow"][..., 4:6]}
        errors.append(unexplained(pair)[:, 15:-15].mean())
    assert errors[:2] == [0, 0]
    assert errors[2] > 50
