"""What every backbone is: an image network as an ordered list of stages."""

import difflib
from abc import ABC, abstractmethod
from typing import NamedTuple

import keras

from keras_twostream.layers import ClassScores

# Locations in the words of the paper -> stride, in input pixels per cell, at
# which VGG-16 has them. Other networks have them at their last stage of the
# same stride.
STRIDES = {"relu2": 2, "relu3": 4, "relu4": 8, "relu5": 16}

# The inputs that there are; layer names begin with them.
STREAMS = ("rgb", "flow")
RGB_CHANNELS = 3

# The layer whose output is the class logits, and the one after it.
LOGITS, SCORES = "fc8", "softmax"


class Stage(NamedTuple):
    """A named place in a network, after which streams can be fused.

    Attributes:
        name: Name of the layer that ends the stage, without its stream.
        stride: Input pixels per cell of the map, or 0 for a vector.
        channels: Channels of the map, or 0 where the classes decide.
    """

    name: str
    stride: int
    channels: int


class Backbone(ABC):
    """An image network cut into named stages, followed by a classifier.

    Layers are named `{stream}_{layer}`: transfer of weights between networks
    relies on it.

    Attributes:
        name: What the backbone is called.
        source: What `backbones.get` made it of.
        convention: How it wants its input, a row of
            `layers.preprocessing.CONVENTIONS`.
        stages: Dict of name -> `Stage`, in order, down to the class scores.
        aliases: Dict of location -> name of the stage that it means.
        clips: Whether it is a network of clips (3D convolutions): it takes and
            gives maps with a time axis, and ends time itself.
    """

    name: str
    source: object
    convention: str
    stages: dict[str, Stage]
    aliases: dict[str, str]
    clips: bool = False

    @abstractmethod
    def initial_weights(self):
        """Returns the weights that come with the backbone, by layer."""

    @abstractmethod
    def run(self, x, stream, start, stop, head):
        """Applies the stages after `start` up to and including `stop`.

        Args:
            x: Keras tensor `(batch, height, width, channels)`, with time as
                second axis for a network of clips, or a vector.
            stream: Prefix of the layers' names.
            start: Name of the stage that made `x`; `None` for the input.
            stop: Name of the last stage to apply.
            head: `Head`, what depends on the task.
        """

    def resolve(self, location):
        """Returns the stage that a location means, in this backbone.

        Raises:
            ValueError: If there is none; the message lists what there is.
        """
        name = self.aliases.get(location, location)
        if name in self.stages:
            return name
        known = [*self.aliases, *self.stages]
        close = difflib.get_close_matches(str(location), known, n=3)
        hint = f" Did you mean {' or '.join(close)}?" if close else ""
        raise ValueError(
            f"Backbone {self.name} has no stage {location!r}.{hint} "
            f"There are: {', '.join(dict.fromkeys(known))}"
        )

    def after(self, stage, other):
        """Returns whether `stage` comes after `other` (`None`: the input)."""
        names = [None, *self.stages]
        return names.index(stage) > names.index(other)


class Head(NamedTuple):
    """What the end of a network depends on.

    Attributes:
        num_classes: Number of classes.
        activation: Activation of the class scores.
        class_names: Names of the classes, if known.
        dropout: Rate of the dropout in front of the dense layers.
    """

    num_classes: int
    activation: str | None = "softmax"
    class_names: tuple[str, ...] | None = None
    dropout: float = 0.5

    def classifier(self, name):
        """Returns the dense layer that makes the logits."""
        return keras.layers.Dense(
            self.num_classes,
            kernel_initializer=keras.initializers.RandomNormal(stddev=0.01),
            name=name,
        )

    def scores(self, name):
        """Returns the layer that makes class scores of logits."""
        return ClassScores(self.activation, self.class_names, name=name)
