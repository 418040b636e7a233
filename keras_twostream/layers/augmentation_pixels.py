"""Augmentation of what is shown: colours, and boxes that are covered."""

from keras_twostream.layers._augmentation import TwoStreamAugmentation
from keras_twostream.layers._base import export
from keras_twostream.layers._limits import check_limits, check_probability
from keras_twostream.transforms import chance as draws
from keras_twostream.transforms import color, mixing, streams
from keras_twostream.transforms.arrays import namespace

# Factor -> smallest and largest change allowed.
CHANGES = {
    "brightness": (-1.0, 1.0),
    "contrast": (-1.0, 10.0),
    "saturation": (-1.0, 10.0),
    "hue": (-0.5, 0.5),
}


@export
class TwoStreamColorJitter(TwoStreamAugmentation):
    """Changes the colours of RGB frames; flow stays as it is.

    All frames of a clip change alike.

    Args:
        brightness_factor: Largest change, as a share of 255, or a pair.
        contrast_factor: Largest change of the factor by which values differ
            from the clip's mean luma: 0.3 for 0.7 to 1.3, or a pair of
            changes.
        saturation_factor: The same for the distance from grey.
        hue_factor: Largest turn of the colours, as a share of a full turn,
            0 to 0.5, or a pair.
        grayscale_factor: Probability that a clip loses all colour.
        **kwargs: Arguments of `TwoStreamAugmentation`.

    Raises:
        ValueError: If a factor is not allowed.
    """

    arguments = (*(f"{name}_factor" for name in CHANGES), "grayscale_factor")

    def __init__(
        self,
        brightness_factor=0.0,
        contrast_factor=0.0,
        saturation_factor=0.0,
        hue_factor=0.0,
        grayscale_factor=0.0,
        **kwargs,
    ):
        super().__init__(**kwargs)
        given = {
            "brightness": brightness_factor,
            "contrast": contrast_factor,
            "saturation": saturation_factor,
            "hue": hue_factor,
        }
        for name, (lowest, highest) in CHANGES.items():
            name, value = f"{name}_factor", given[name]
            setattr(self, name, check_limits(name, value, lowest, highest))
        self.grayscale_factor = check_probability(
            "grayscale_factor", grayscale_factor
        )

    def transform(self, sample, training):
        if not training or "rgb" not in sample:
            return sample
        chance = self.chance.uniform(sample["rgb"], len(CHANGES) + 1)
        drawn = {
            name: draws.between(chance[:, k], getattr(self, f"{name}_factor"))
            for k, name in enumerate(CHANGES)
        }
        gray = chance[:, -1] < self.grayscale_factor
        kept = 1.0 + drawn["saturation"]
        drawn["saturation"] = namespace(chance).where(gray, 0.0, kept)
        drawn["contrast"] = 1.0 + drawn["contrast"]
        return color.jitter(sample, **drawn)


@export
class TwoStreamRandomErasing(TwoStreamAugmentation):
    """Covers a box of some clips with a patch that does not move.

    The box is at one place in all frames and in both streams.

    Args:
        factor: Probability that a clip is covered.
        scale: Smallest and largest area, as shares of the frame's.
        ratio: Smallest and largest width over height.
        fill_value: Grey of the patch, 0 to 255. Its flow is zero.
        **kwargs: Arguments of `TwoStreamAugmentation`.

    Raises:
        ValueError: If `factor` is no probability or a limit not allowed.
    """

    arguments = ("factor", "scale", "ratio", "fill_value")

    def __init__(
        self,
        factor=0.5,
        scale=(0.02, 0.33),
        ratio=(0.3, 3.3),
        fill_value=127.5,
        **kwargs,
    ):
        super().__init__(**kwargs)
        self.factor = check_probability("factor", factor)
        self.scale = check_limits("scale", tuple(scale), 1e-6, 1.0)
        self.ratio = check_limits("ratio", tuple(ratio), 1e-3, 1e3)
        self.fill_value = fill_value

    def transform(self, sample, training):
        if not training:
            return sample
        some = next(iter(sample.values()))
        chance = self.chance.uniform(some, 5)
        height, width = namespace(some).shape(some)[-3:-1]
        boxes = draws.crop_boxes(
            chance[:, :4], height, width, self.scale, self.ratio
        )
        erased = mixing.erase(sample, boxes, self.fill_value)
        return streams.choose(chance[:, 4] < self.factor, erased, sample)
