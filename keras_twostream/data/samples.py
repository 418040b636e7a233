"""One clip's record -> one sample for a two-stream network."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from keras_twostream.data import augment, decoding, sampling
from keras_twostream.data.crop import CropSpec
from keras_twostream.data.regions import regions_of
from keras_twostream.flow.spec import FlowSpec

STREAMS = ("rgb", "flow")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SampleSpec:
    """What one sample of a clip is; a function of a record, view and chance.

    Attributes:
        image_size: Height and width in pixels, or one number for both.
        flow: Which flow the records hold.
        flow_frames: Number of flow fields around each frame, L.
        frames: Number of frames, T; `None` for one, without a time axis.
        augment: Whether chance decides what is sampled.
        views: Number of different samples that a clip has.
        crop: How frames are cut and resized.
        streams: Which of "rgb" and "flow" are wanted.
    """

    image_size: Any = (224, 224)
    flow: FlowSpec = FlowSpec()
    flow_frames: int = 10
    frames: int | None = None
    augment: bool = False
    views: int = 1
    crop: CropSpec = CropSpec()
    streams: Sequence[str] = STREAMS

    def __post_init__(self) -> None:
        size = self.image_size
        pair = (size, size) if isinstance(size, int) else tuple(size)
        object.__setattr__(self, "image_size", pair)
        object.__setattr__(self, "streams", tuple(self.streams))
        if len(pair) != 2 or min(pair) < 1:
            raise ValueError(
                "Invalid `image_size` value. Expected a tuple of 2 positive "
                f"integers. Received: image_size={size}"
            )
        for name in ("flow_frames", "frames", "views"):
            value = getattr(self, name)
            if value is not None and value < 1:
                raise ValueError(
                    f"`{name}` must be at least 1. Received: {name}={value}"
                )
        if not self.streams or not {*self.streams} <= {*STREAMS}:
            raise ValueError(
                f"`streams` must be one or both of {STREAMS}. "
                f"Received: streams={self.streams}"
            )

    def __call__(self, clip: dict, view, seed) -> dict:
        """Makes a sample.

        Args:
            clip: A parsed record.
            view: Integer tensor, which of the views.
            seed: Integer tensor `(2,)`; used only to augment.

        Returns:
            Dict of `float32` tensors: `rgb` `([T,] H, W, 3)`, 0 to 255, and
            `flow` `([T,] H, W, 2L)`, pixels at this size.
        """
        count = self.frames or 1
        if self.augment:
            # When in each segment; which crop, where; whether to flip.
            chance = tf.random.stateless_uniform([count + 3], seed)
            when, where, mirror = tf.split(chance, [count, 2, 1])
        else:
            when, where = tf.constant(0.5), None
        centers = self._centers(clip, view, when)
        boxes = self._boxes(clip, centers, where)
        sample = self._decode(clip, centers, boxes)
        sample = augment.resize(sample, self.image_size)
        if self.augment and self.crop.flip:
            sample = augment.random_flip(mirror[0], sample)
        if self.frames is None:
            sample = {name: value[0] for name, value in sample.items()}
        return sample

    def _centers(self, clip: dict, view, when):
        return sampling.sample_centers(
            tf.size(clip["frames"]),
            self.frames or 1,
            self.flow_frames,
            self.flow.step,
            view=view,
            views=self.views,
            chance=when,
        )

    def _boxes(self, clip: dict, centers, where):
        """Returns what to cut out of each frame: `int32 (T, 4)`."""
        height, width = tf.unstack(decoding.frame_size(clip))
        regions = regions_of(
            clip["motion"], centers, height, width, self.image_size, self.crop
        )
        sides = regions[0, 2], regions[0, 3], self.image_size, self.crop
        box = (
            augment.center_box(*sides)
            if where is None
            else augment.random_box(where, *sides)
        )
        size = tf.broadcast_to(box[2:], [self.frames or 1, 2])
        return tf.concat([regions[:, :2] + box[:2], size], 1)

    def _decode(self, clip: dict, centers, boxes) -> dict:
        sample = {}
        if "rgb" in self.streams:
            sample["rgb"] = decoding.decode_frames(clip, centers, boxes)
        if "flow" in self.streams:
            stacks = sampling.stack_fields(
                centers,
                tf.size(clip["frames"]),
                self.flow_frames,
                self.flow.step,
            )
            sample["flow"] = decoding.decode_fields(
                clip, stacks, boxes, self.flow
            )
        return sample
