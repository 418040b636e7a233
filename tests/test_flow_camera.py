"""Flow without the motion of the camera, where that is known."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_twostream.flow import camera_motion, compensate, estimators
from keras_twostream.flow.camera import _MOTIONS
from keras_twostream.flow.spec import CAMERAS

HEIGHT, WIDTH = 120, 160
# What a plane does that is tilted, turned, zoomed and shifted at once.
PLANE = np.array([[1.02, 0.01, 2.5], [-0.015, 0.99, -1.5], [1e-5, -2e-5, 1.0]])


def motion_of(plane, height=HEIGHT, width=WIDTH):
    """Returns the flow of a homography, computed point by point."""
    y, x = np.mgrid[:height, :width].astype(np.float64)
    moved = np.stack([x, y, np.ones_like(x)], axis=-1) @ plane.T
    moved = moved[..., :2] / moved[..., 2:]
    return (moved - np.stack([x, y], axis=-1)).astype(np.float32)


def with_mover(flow, share=0.25, by=(6, 4)):
    """Returns the flow with a block that moves otherwise, and its mask."""
    height, width = flow.shape[:2]
    mask = np.zeros((height, width), bool)
    side = np.sqrt(share)
    mask[10 : 10 + int(side * height), 20 : 20 + int(side * width)] = True
    moved = flow.copy()
    moved[mask] += np.float32(by)
    return moved, mask


def test_the_table_is_that_of_the_spec():
    assert (*_MOTIONS,) == CAMERAS


def test_keep_keeps_the_very_field():
    flow = motion_of(PLANE)
    assert compensate(flow, "keep") is flow
    assert not camera_motion(flow, "keep").any()


@given(st.floats(-20, 20, width=32), st.floats(-20, 20, width=32))
@settings(max_examples=20, deadline=None)
def test_a_pan_is_all_of_a_still_scene(u, v):
    flow = np.zeros((40, 50, 2), np.float32) + np.float32([u, v])
    for camera in ("mean", "homography"):
        left = compensate(flow, camera)
        assert left.dtype == np.float32
        assert np.abs(left).max() < 1e-3


def test_mean_subtracts_the_mean_of_what_is_known():
    flow = np.zeros((4, 5, 2), np.float32)
    flow[:, :, 0] = np.arange(5)
    flow[0, 0] = np.nan
    expected = flow - np.float32([40 / 19, 0])
    np.testing.assert_allclose(compensate(flow, "mean"), expected, atol=1e-6)
    nothing = np.full((4, 5, 2), np.nan, np.float32)
    assert np.isnan(compensate(nothing, "mean")).all()
    assert not camera_motion(nothing, "mean").any()


@pytest.mark.parametrize("share", [0.0, 0.1, 0.25, 0.4])
def test_what_moves_otherwise_keeps_its_own_motion(share):
    flow, mask = with_mover(motion_of(PLANE), share)
    left = compensate(flow, "homography")
    assert np.abs(left[~mask]).max() < 0.05
    if share:
        assert np.abs(left[mask] - [6, 4]).max() < 0.05


def test_noise_is_not_fitted_to(rng):
    flow, mask = with_mover(motion_of(PLANE))
    flow += rng.normal(0, 0.2, flow.shape).astype(np.float32)
    left = camera_motion(flow, "homography") - motion_of(PLANE)
    assert np.abs(left).max() < 0.15


def test_the_homography_is_better_than_the_mean_where_the_camera_zooms():
    flow, mask = with_mover(motion_of(PLANE))
    mean, plane = (
        np.abs(compensate(flow, camera)[~mask]).mean()
        for camera in ("mean", "homography")
    )
    assert plane < mean / 20


def test_a_still_camera_is_left_alone():
    flow, _ = with_mover(np.zeros((HEIGHT, WIDTH, 2), np.float32))
    np.testing.assert_allclose(compensate(flow, "homography"), flow, atol=1e-3)


def test_without_a_dominating_plane_nothing_is_subtracted(rng):
    flow = rng.uniform(-20, 20, (HEIGHT, WIDTH, 2)).astype(np.float32)
    np.testing.assert_array_equal(compensate(flow, "homography"), flow)
    for size in [(1, 1), (1, 60), (15, 60), (60, 3)]:
        small = rng.normal(size=(*size, 2)).astype(np.float32)
        np.testing.assert_array_equal(compensate(small, "homography"), small)


def test_unknown_flow_stays_unknown_and_spoils_nothing():
    flow = motion_of(PLANE)
    flow[:50] = np.nan
    left = compensate(flow, "homography")
    assert np.isnan(left[:50]).all()
    assert np.abs(left[50:]).max() < 0.05
    nothing = np.full((HEIGHT, WIDTH, 2), np.nan, np.float32)
    assert not camera_motion(nothing, "homography").any()


def test_the_same_field_has_the_same_answer(rng):
    flow, _ = with_mover(motion_of(PLANE), 0.4)
    flow += rng.normal(0, 0.5, flow.shape).astype(np.float32)
    first = camera_motion(flow, "homography")
    cv2.setRNGSeed(123)
    np.testing.assert_array_equal(camera_motion(flow, "homography"), first)


def test_a_camera_that_turns_before_a_scene(rng):
    """From pictures: a plane that is warped, and a block that moves on it."""
    texture = rng.uniform(size=(HEIGHT, WIDTH)).astype(np.float32)
    texture = cv2.GaussianBlur(texture, (0, 0), 2)
    first = cv2.normalize(texture, None, 0, 255, cv2.NORM_MINMAX)
    second = cv2.warpPerspective(
        first, PLANE, (WIDTH, HEIGHT), borderMode=cv2.BORDER_REFLECT
    )
    block = slice(40, 80), slice(60, 100)
    moved = slice(44, 84), slice(65, 105)
    second[moved] = first[block]
    flow = estimators.get("dis_medium")(np.uint8(first), np.uint8(second))
    left = compensate(flow, "homography")
    inner = slice(48, 72), slice(68, 92)
    assert np.abs(left[inner] - ([5, 4] - motion_of(PLANE)[inner])).mean() < 0.5
    around = np.ones((HEIGHT, WIDTH), bool)
    around[30:95, 50:115] = False
    around[:12] = around[-12:] = around[:, :12] = around[:, -12:] = False
    assert np.abs(left[around]).mean() < 0.15
    assert np.abs(flow[around]).mean() > 1
