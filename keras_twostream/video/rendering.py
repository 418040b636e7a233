"""Scenes -> frames and their true flow."""

import cv2
import numpy as np

from keras_twostream.video.scenes import SUBPIXELS

# Offsets from grey whose luma (0.299 R + 0.587 G + 0.114 B) is zero.
TINTS = {
    "red": (70.0, -29.857, -29.857),
    "blue": (-10.293, -10.293, 80.0),
}
LUMA_MEAN, LUMA_STD, LUMA_RANGE = 102.0, 30.0, (35.0, 170.0)
TEXTURE_SIGMA = 1.0  # pixels


def render(scene):
    """Draws a scene, and the motion in it.

    Args:
        scene: A `Scene`.

    Returns:
        `(frames, flow)`: uint8 RGB of shape `(frames, size, size, 3)`, and
        float32 `(frames - 1, size, size, 2)`, the displacement (u, v) in
        pixels per step of what each pixel of the earlier frame shows.
    """
    size, steps = scene.size, scene.frames - 1
    luma = _texture(scene.background, size, size)
    still = np.rint(_shrink(luma)).astype("uint8")
    video = np.tile(still[None, ..., None], (scene.frames, 1, 1, 3))
    flow = np.zeros((steps, size, size, 2), "float32")
    for square in scene.squares:
        rows = slice(square.top, square.top + square.height)
        grey, cover = _slide(square, luma[rows], scene.frames)
        tint = np.asarray(TINTS[square.colour], "float32")
        video[:, rows] = np.rint(grey[..., None] + cover[..., None] * tint)
        moving = cover[:-1] >= 0.5
        flow[:, rows, :, 0] = moving * (square.velocity / SUBPIXELS)
    return video, flow


def _slide(square, background, frames):
    """Luma and coverage `(frames, height, size)` of a square's rows."""
    height, circle = background.shape
    left = square.start + square.velocity * np.arange(frames)
    place = (np.arange(circle) - left[:, None]) % circle
    inside = np.broadcast_to(
        (place < square.width * SUBPIXELS)[:, None], (frames, height, circle)
    )
    texture = _texture(square.texture, height, square.width)
    shown = texture[:, np.minimum(place, texture.shape[1] - 1)]
    luma = np.where(inside, shown.swapaxes(0, 1), background)
    return _shrink(luma), _shrink(inside.astype("float32"))


def _texture(seed, height, width):
    """Grey noise `(height, width * SUBPIXELS)` of set mean and contrast."""
    noise = np.random.default_rng(seed).standard_normal(
        (height, width * SUBPIXELS), "float32"
    )
    grey: np.ndarray = cv2.GaussianBlur(
        noise, (0, 0), TEXTURE_SIGMA * SUBPIXELS, sigmaY=TEXTURE_SIGMA
    )
    grey = (grey - grey.mean()) / grey.std()
    return np.clip(LUMA_MEAN + LUMA_STD * grey, *LUMA_RANGE)


def _shrink(rows):
    """Averages the subpixels of every pixel, as a camera's sensor does."""
    return sum(rows[..., k::SUBPIXELS] for k in range(SUBPIXELS)) / SUBPIXELS
