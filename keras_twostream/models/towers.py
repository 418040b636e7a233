"""One stream's network, built stage by stage."""

import keras

from keras_twostream import layers
from keras_twostream.backbones.base import LOGITS, SCORES

# Location in front of all stages.
INPUT = "input"

# Rank of a map -> pooling over all its places, by word.
POOLINGS = {
    "avg": {
        4: keras.layers.GlobalAveragePooling2D,
        5: keras.layers.GlobalAveragePooling3D,
    },
    "max": {
        4: keras.layers.GlobalMaxPooling2D,
        5: keras.layers.GlobalMaxPooling3D,
    },
}

PREPROCESSING = {
    "flow": layers.FlowPreprocessing,
    "rgb": layers.RGBPreprocessing,
}


class Tower:
    """One stream's network, built as far as the stage where it stands.

    An image network sees the frames of a clip as a batch: time is *folded*
    until a layer needs it, and folded again if it goes on after that.

    Args:
        stream: `"rgb"` or `"flow"`; the prefix of all layer names.
        backbone: The stream's `Backbone`.
        head: `Head` of the classifier.
        time: Location -> what `layers.get_time` understands, or a list.
        x: Input tensor, of clips `(batch, time, ...)` or of single frames.
        record: Arguments of the preprocessing layer that tell how the
            network is fed.

    Attributes:
        input: The input tensor.
        x: What the network has made so far.
        frames: Time steps that are folded into the batch, or `None`.
        logits: The class logits, once they are there without a time axis.
        widened: Channels that its last map had, and those that it has since
            it was replaced, until they are found to fit.
        steps: The class scores of each time step, if time went on so far.
    """

    def __init__(self, stream, backbone, head, time, x, record):
        self.stream, self.backbone, self.head = stream, backbone, head
        self.input, self.stage = x, None
        self.frames = self.logits = self.steps = self.widened = None
        self.time = self._schedule(time)
        if len(x.shape) == 5 and not backbone.clips:
            x = self._folded(x, "fold")
        if backbone.convention is not None:
            layer = PREPROCESSING[stream]
            name = f"{stream}_preprocessing"
            x = layer(backbone.convention, **record, name=name)(x)
        self.x = x
        self._pass_time()

    def _schedule(self, time):
        """Returns stage -> (location, what to do with time) there."""
        schedule: dict[str | None, list] = {}
        for location, steps in time.items():
            stage = (
                None if location == INPUT else self.backbone.resolve(location)
            )
            steps = steps if isinstance(steps, list) else [steps]
            schedule.setdefault(stage, []).extend(
                (location, step) for step in steps
            )
        return schedule

    def advance(self, stage):
        """Builds the network up to `stage`.

        What happens to time at that very stage is left for later: streams
        that meet there do so before.
        """
        names = [None, *self.backbone.stages]
        if names.index(stage) < names.index(self.stage):
            raise ValueError(
                f"Streams are fused in the order of the network, and "
                f"{stage} comes before {self.stage} in {self.backbone.name}"
            )
        self._pass_time()
        for place in sorted(self.time, key=names.index):
            if self.backbone.after(stage, place):
                self._run(place)
                self._pass_time()
        self._run(stage)

    def _run(self, stage):
        args = (self.x, self.stream, self.stage, stage, self.head)
        try:
            self.x = self.backbone.run(*args)
        except ValueError as error:
            if not self.widened:
                raise
            raise ValueError(
                f"{self.backbone.name} is made for {self.widened[0]} channels "
                f"after {self.stage}, and what was fused there has "
                f"{self.widened[1]}: fuse by 'conv' or 'sum', or elsewhere. "
                f"Received: {error}"
            ) from error
        self.stage, self.widened = stage, None

    def _pass_time(self):
        """Does with the time axis what there is to do at this stage."""
        for location, step in self.time.pop(self.stage, ()):
            word = layers.time_name(step)
            layer = layers.get_time(step)
            self._check_time(layer, location, word)
            name = f"{self.stream}_{location}_{word}"
            layer = named(layer, name, self.precision())
            x, frames = self.unfolded(f"{location}_{word}"), self.frames
            result = layer(x)
            self.frames = None
            if frames and len(result.shape) == len(x.shape):
                result = self._folded(result, f"{location}_{word}_fold")
            self.replace(result)

    def _check_time(self, layer, location, word):
        """Raises `ValueError` if a layer finds no time axis."""
        there = self.frames or len(self.x.shape) == 5
        if getattr(layer, "needs_time", True) and not there:
            raise ValueError(
                f"What happens to time at {location} ({word}) needs frames "
                f"there: pass frames=, the number per clip, or end time no "
                f"earlier. Received: a map of shape {self.x.shape}"
            )

    def precision(self):
        """Returns what changes the dtype of layers here, as their config."""
        # Scores have both signs, and lose too much in half precision.
        ends = [self.backbone.resolve(end) for end in (LOGITS, SCORES)]
        return {"dtype": "float32"} if self.stage in ends else {}

    def _folded(self, x, name):
        """Returns a clip as a batch of its frames."""
        self.frames = x.shape[1]
        return layers.FoldTime(name=f"{self.stream}_{name}")(x)

    def unfolded(self, place):
        """Returns what the tower has made, with time as an axis."""
        if not self.frames:
            return self.x
        name = f"{self.stream}_{place}_unfold"
        return layers.UnfoldTime(self.frames, name=name)(self.x)

    def replace(self, x):
        """Goes on with a fused or pooled tensor in place of its own."""
        if len(x.shape) == 2 and len(self.x.shape) > 2:
            # A vector leaves nothing to convolve or to flatten: only the
            # classifier can follow (Table 1, bilinear).
            names = [*self.backbone.stages]
            logits = names.index(self.backbone.resolve(LOGITS))
            self.stage = names[logits - 1]
        self.x = x

    def receive(self, x, location):
        """Goes on with a fused tensor that may have time as an axis."""
        before = self.x.shape[-1]
        if self.frames and len(x.shape) == 5:
            x = self._folded(x, f"{location}_fold")
        self.replace(x)
        if len(x.shape) > 2 and x.shape[-1] != before:
            self.widened = before, x.shape[-1]

    def top(self):
        """Returns the class scores."""
        logits, scores = map(self.backbone.resolve, (LOGITS, SCORES))
        if self.backbone.after(scores, self.stage):
            self.advance(logits)
            self._pass_time()
            if not self.frames and logits != scores:
                self.logits = self.x
            self.advance(scores)
        if self.frames:
            self.steps = self.unfolded("steps")
        self._pass_time()
        return self.steps if self.frames else self.x

    def map(self, pooling):
        """Returns the last map, or what fusion left, without the top."""
        if pooling is not None and pooling not in POOLINGS:
            raise ValueError(
                f"pooling must be None or one of {[*POOLINGS]}. "
                f"Received: {pooling!r}"
            )
        if len(self.x.shape) > 2:
            stages = self.backbone.stages.values()
            self.advance([s.name for s in stages if s.stride][-1])
            self._pass_time()
        if pooling and len(self.x.shape) > 2:
            layer = POOLINGS[pooling][len(self.x.shape)]
            self.x = layer(name=f"{self.stream}_{pooling}_pooling")(self.x)
        return self.unfolded("map")


def named(layer, name, changes=()):
    """Returns a fresh layer like `layer`, called `name`."""
    config = layer.get_config() | {"name": name} | dict(changes)
    return type(layer).from_config(config)
