"""Augmentation in time: clips played backwards or faster."""

from keras_twostream.layers._augmentation import TwoStreamAugmentation
from keras_twostream.layers._base import export
from keras_twostream.layers._limits import check_positive, check_probability
from keras_twostream.transforms import motion, streams


@export
class TwoStreamTimeReverse(TwoStreamAugmentation):
    """Plays some clips backwards.

    Frames come in reverse order. A field of the reversed clip is the inverse
    of the field one step earlier: with an even number of fields in a stack
    those of the reversed stack are the same fields, last one first, inverted.
    An odd number needs stacks of one field more, see `fields`. To negate the
    vectors where they are is of first order; each of `iterations` moves them
    nearer to where that goes which they tell of, see
    `keras_twostream.transforms.motion`.

    Labels stay. Actions that are another action in reverse need another
    augmentation.

    Args:
        factor: Probability that a clip is reversed.
        fields: Number of fields in the result's stacks, L; by default that of
            the input. For an odd L the input's stacks must have L + 1, the
            first of which is needed only by reversed clips.
        iterations: How often the inverse of the motion is refined.
        **kwargs: Arguments of `TwoStreamAugmentation`.

    Output shape:
        That of the input, with 2L channels of flow.

    Raises:
        ValueError: If `factor` is no probability, or stacks have too few
            fields.
    """

    arguments = ("factor", "fields", "iterations")

    def __init__(self, factor=0.5, fields=None, iterations=1, **kwargs):
        super().__init__(**kwargs)
        self.factor = check_probability("factor", factor)
        if fields is not None:
            check_positive(fields=fields)
        self.fields, self.iterations = fields, iterations

    def transform(self, sample, training):
        fields = _count(self, sample)
        if fields:
            # Outside of training too, so that wrong stacks are found at once.
            motion.check_reversible(sample["flow"].shape[-1] // 2, fields)
        forwards = motion.speed_up(sample, 1, fields)
        if not training:
            return forwards
        backwards = motion.reverse_time(sample, fields, self.iterations)
        some = next(iter(sample.values()))
        chosen = self.chance.uniform(some, 1)[:, 0] < self.factor
        return streams.choose(chosen, backwards, forwards)

    def size_of(self, name, shape):
        return _restacked(self, name, shape)

    def count_of(self, given):
        """Returns the number of fields of the result from that given."""
        return self.fields or given


@export
class TwoStreamSpeedChange(TwoStreamAugmentation):
    """Plays what happens around each frame faster, by a random factor.

    Each field of the result is composed of as many fields of the input as the
    factor says, along the path of the motion. Stacks stay centred at their
    frames, which stay the same, so that the input needs stacks of L times the
    largest factor for results of L fields.

    Args:
        factors: Whole numbers, each as likely as the others; 1 is the speed
            of the input, and that outside of training.
        fields: Number of fields in the result's stacks, L; by default as
            many as there is room for at the largest factor.
        **kwargs: Arguments of `TwoStreamAugmentation`.

    Output shape:
        That of the input, with 2L channels of flow.

    Raises:
        ValueError: If a factor is less than 1, or stacks have too few fields.
    """

    arguments = ("factors", "fields")

    def __init__(self, factors=(1, 2), fields=None, **kwargs):
        super().__init__(**kwargs)
        if not factors or any(int(x) != x or x < 1 for x in factors):
            raise ValueError(
                "`factors` must be whole numbers of 1 and more. "
                f"Received: factors={factors}"
            )
        if fields is not None:
            check_positive(fields=fields)
        self.factors = tuple(int(factor) for factor in factors)
        self.fields = fields

    def transform(self, sample, training):
        if "flow" not in sample:
            return sample
        fields = _count(self, sample)
        given = sample["flow"].shape[-1] // 2
        motion.check_fields(given, fields, max(self.factors))
        if not training:
            return motion.speed_up(sample, 1, fields)
        speeds = [motion.speed_up(sample, k, fields) for k in self.factors]
        chance = self.chance.uniform(sample["flow"], 1)[:, 0]
        chosen = speeds[0]
        for index, other in enumerate(speeds[1:], 1):
            later = chance * len(speeds) >= index
            chosen = streams.choose(later, other, chosen)
        return chosen

    def size_of(self, name, shape):
        return _restacked(self, name, shape)

    def count_of(self, given):
        """Returns the number of fields of the result from that given."""
        return self.fields or motion.most_fields(given, max(self.factors))


def _count(layer, sample):
    """Returns the number of fields of the result, `None` without flow."""
    flow = sample.get("flow")
    return None if flow is None else layer.count_of(flow.shape[-1] // 2)


def _restacked(layer, name, shape):
    if name != "flow":
        return shape
    return (*shape[:-1], 2 * layer.count_of(shape[-1] // 2))
