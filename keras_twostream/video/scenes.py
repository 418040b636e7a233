"""Scenes of the procedural videos, whose motion is known exactly.

Two textured squares slide over a textured background. Four classes ask what
is seen and how it moves (`red_left`: both squares are red and go left), so
scores of an appearance and of a motion network can be averaged. The two
registration classes ask which square does what: a clip of one, played
backwards, is a clip of the other with the very same frames, and a clip of one
with its colours exchanged is a clip of the other with the very same flow.
"""

import dataclasses

# Class -> (colour, direction) of its two squares.
CLASSES = {
    "blue_left": (("blue", "left"), ("blue", "left")),
    "blue_right": (("blue", "right"), ("blue", "right")),
    "red_left": (("red", "left"), ("red", "left")),
    "red_left_blue_right": (("red", "left"), ("blue", "right")),
    "red_right": (("red", "right"), ("red", "right")),
    "red_right_blue_left": (("red", "right"), ("blue", "left")),
}
CLASS_NAMES = tuple(sorted(CLASSES))
REGISTRATION_CLASSES = ("red_left_blue_right", "red_right_blue_left")

DIRECTIONS = {"left": -1, "right": 1}
# Squares move by whole fractions of a pixel: the torus then has no rounding,
# and a clip played backwards has the same frames to the last bit.
SUBPIXELS = 4
SPEEDS = (4, 12)  # slowest and fastest, in subpixels per frame
SIDES = (16, 22)  # smallest and largest square, in pixels
TEXTURE_SEEDS = (0, 2**62)


@dataclasses.dataclass(frozen=True)
class Square:
    """One textured square on its way around the picture.

    Attributes:
        colour: `"red"` or `"blue"`.
        top: Uppermost row, in pixels.
        height: Height in pixels.
        width: Width in pixels.
        start: Left edge in the first frame, in subpixels.
        velocity: Subpixels per frame, positive to the right.
        texture: Seed of its texture.
    """

    colour: str
    top: int
    height: int
    width: int
    start: int
    velocity: int
    texture: int

    @property
    def direction(self):
        return "right" if self.velocity > 0 else "left"


@dataclasses.dataclass(frozen=True)
class Scene:
    """All that decides what a clip shows.

    Attributes:
        squares: Two `Square`s that share no row.
        background: Seed of the background's texture.
        frames: Number of frames.
        size: Side of the picture in pixels.
    """

    squares: tuple[Square, ...]
    background: int
    frames: int = 16
    size: int = 64

    @property
    def class_name(self):
        shown = sorted((s.colour, s.direction) for s in self.squares)
        return next(n for n, pairs in CLASSES.items() if sorted(pairs) == shown)

    def swap_colours(self):
        """Returns the scene with the colours of its squares exchanged."""
        first, second = self.squares
        return self._with(
            dataclasses.replace(first, colour=second.colour),
            dataclasses.replace(second, colour=first.colour),
        )

    def reverse(self):
        """Returns the scene that shows the same frames in reverse order."""
        steps = self.frames - 1
        return self._with(
            *(
                dataclasses.replace(
                    s, start=s.start + s.velocity * steps, velocity=-s.velocity
                )
                for s in self.squares
            )
        )

    def _with(self, *squares):
        return dataclasses.replace(self, squares=squares)


def sample_scene(
    rng, class_name, frames=16, size=64, *, sides=SIDES, apart=None
):
    """Draws a random scene of a class.

    Args:
        rng: A `numpy.random.Generator`.
        class_name: One of `CLASS_NAMES`.
        frames: Number of frames, at least 2.
        size: Side of the picture in pixels, at least 48.
        sides: Smallest and largest side of a square, in pixels.
        apart: Most pixels between the squares, along rows and columns, when
            they pass each other halfway through the clip; `None` for squares
            that go anywhere.

    Returns:
        A `Scene`. Squares start anywhere on the circle that they move on, so
        that no frame is likelier to be the first than the last.

    Raises:
        ValueError: If an argument is outside of its range.
    """
    if class_name not in CLASSES:
        raise ValueError(
            f"class_name must be one of {CLASS_NAMES}. Received: {class_name!r}"
        )
    if frames < 2 or size < 48:
        raise ValueError(
            "frames must be at least 2 and size at least 48. "
            f"Received: frames={frames}, size={size}"
        )
    smallest, largest = sides
    if not 1 <= smallest <= largest <= size // 2:
        raise ValueError(
            "sides must be from 1 to half of size, the smallest first. "
            f"Received: sides={sides}, size={size}"
        )
    if apart is not None and apart < 0:
        raise ValueError(f"apart must not be negative. Received: {apart}")
    pairs = rng.permutation(CLASSES[class_name]).tolist()
    squares = _sample_squares(rng, pairs, size, sides)
    if apart is not None:
        squares = _meeting(rng, squares, frames, size, apart)
    return Scene(squares, _integer(rng, TEXTURE_SEEDS), frames, size)


def _sample_squares(rng, pairs, size, sides):
    """Draws a square of each pair (colour, direction), one below the other."""
    heights, widths = rng.integers(*sides, size=(2, 2), endpoint=True).tolist()
    gap = size - sum(heights)
    above, below = sorted(_integer(rng, (0, gap)) for _ in pairs)
    tops = above, below + heights[0]
    return tuple(
        Square(
            colour,
            top,
            height,
            width,
            start=_integer(rng, (0, size * SUBPIXELS - 1)),
            velocity=_integer(rng, SPEEDS) * DIRECTIONS[direction],
            texture=_integer(rng, TEXTURE_SEEDS),
        )
        for (colour, direction), top, height, width in zip(
            pairs, tops, heights, widths, strict=True
        )
    )


def _meeting(rng, squares, frames, size, apart):
    """Moves the lower square to where it passes the upper one closely."""
    above, below = squares
    most = min(apart, size - above.height - below.height)
    gap = _integer(rng, (0, most))
    top = _integer(rng, (0, size - above.height - gap - below.height))
    offset = _integer(rng, (-apart * SUBPIXELS, apart * SUBPIXELS))
    # Halfway the centres are an offset apart.
    wider = (above.width - below.width) * SUBPIXELS
    faster = (above.velocity - below.velocity) * (frames - 1)
    start = above.start + offset + (wider + faster) // 2
    return (
        dataclasses.replace(above, top=top),
        dataclasses.replace(
            below,
            top=top + above.height + gap,
            start=start % (size * SUBPIXELS),
        ),
    )


def _integer(rng, limits):
    return int(rng.integers(*limits, endpoint=True))
