"""Which clips a network learns from, and for which it answers.

A network learns from all clips but some and answers for these. Whoever chooses
among combinations for a left-out part must not have seen that part: neither
its labels nor a network that learnt from it. So of the *inner* networks each
leaves out two blocks of clips: what it says of the one is a reason to choose
for the other, and every pair of blocks is left out by one. *Outer* networks,
trained for what was chosen, answer for one part each, which nothing of all
that has seen. That is nested cross-validation, at the price of a plain one.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from keras_twostream.training.choosing import FEW_FOLDS, FOLDS, MANY_FOLDED
from keras_twostream.training.folds import folds_of

# Blocks of clips, of which an inner network leaves out two.
BLOCKS = 5
# Of the training clips, what a first look at a combination learns from where
# clips are too many for blocks.
FIRST_LOOK = 3


@dataclass(frozen=True, eq=False)
class Net:
    """One network of a combination.

    Attributes:
        name: Of its answers.
        learns: `int`, numbers of the clips that it learns from.
        answers: `int`, numbers of those that it answers for.
    """

    name: str
    learns: np.ndarray
    answers: np.ndarray

    def saw(self, clips: np.ndarray) -> bool:
        """Returns whether it learns from any of some clips."""
        return bool(np.isin(clips, self.learns).any())


@dataclass(frozen=True, kw_only=True, eq=False)
class Plan:
    """The networks of every combination.

    Attributes:
        rungs: Tuples of inner `Net`s: those that every combination has, and
            those of the ones that go on.
        outer: One `Net` for each part that nothing has seen.
        told: What the parts are, such as "10 groups".
        clips: How many clips there are.
    """

    rungs: tuple[tuple[Net, ...], ...]
    outer: tuple[Net, ...]
    told: str
    clips: int

    @property
    def inner(self) -> tuple[Net, ...]:
        """All networks by which combinations are judged."""
        return tuple(net for rung in self.rungs for net in rung)

    def reasons(self, part: Net) -> list[tuple[Net, np.ndarray]]:
        """Returns what may be known where a part is chosen for.

        Args:
            part: One of `outer`.

        Returns:
            A list of inner `Net`s that did not learn from the part, and
            `bool`, which of their answers are not about it.
        """
        return [
            (net, ~np.isin(net.answers, part.answers))
            for net in self.inner
            if not net.saw(part.answers)
        ]

    @classmethod
    def crossed(cls, labels: Any, groups: Any, seed: int = 0) -> "Plan":
        """Returns the plan for few clips: every one is left out in turn.

        Args:
            labels: `int (clips,)`.
            groups: Name of each clip's group, or `None`; groups stay whole.
            seed: Of the draw, where groups share parts.

        Raises:
            ValueError: If there are fewer than three groups.
        """
        many = len(labels) > MANY_FOLDED
        parts = folds_of(labels, groups, FEW_FOLDS if many else FOLDS, seed)
        count = int(parts.max()) + 1
        blocks = min(BLOCKS, count)
        if blocks < 3:
            raise ValueError(
                "A search leaves out two groups of clips at a time, and learns "
                "from the others: it needs three groups or more, and three "
                f"clips of some class. Received: {count}"
            )
        whole = groups and len({g for g in groups if g is not None}) == count
        block_of = parts % blocks
        everything = np.arange(len(parts))

        def without(name, left_out):
            return Net(name, everything[~left_out], everything[left_out])

        def pairs(distance):
            # Of an even number of blocks the opposite ones meet twice.
            once = blocks // 2 if 2 * distance == blocks else blocks
            return tuple(
                without(
                    f"blocks {i} {(i + distance) % blocks}",
                    np.isin(block_of, (i, (i + distance) % blocks)),
                )
                for i in range(once)
            )

        rungs = [pairs(1)]
        if further := [pairs(d) for d in range(2, blocks // 2 + 1)]:
            rungs.append(sum(further, ()))
        return cls(
            rungs=tuple(rungs),
            outer=tuple(without(f"part {i}", parts == i) for i in range(count)),
            told=f"{count} {'groups' if whole else 'folds'}",
            clips=len(parts),
        )

    @classmethod
    def held_back(cls, splits: Any) -> "Plan":
        """Returns the plan for clips that are divided already.

        Args:
            splits: `str (clips,)`, "train", "validation" or "test".

        Raises:
            ValueError: If one of the three has no clips.
        """
        splits = np.asarray(splits)
        train, validation, test = (
            np.flatnonzero(splits == x) for x in ("train", "validation", "test")
        )
        if not (len(train) and len(validation) and len(test)):
            raise ValueError(
                "A search learns from some clips, chooses by others, and is "
                "judged by those that are left. Received: "
                f"{len(train)}, {len(validation)} and {len(test)}"
            )
        learns = np.sort(np.concatenate([train, validation]))
        return cls(
            rungs=(
                (Net("third", train[::FIRST_LOOK], validation),),
                (Net("whole", train, validation),),
            ),
            outer=(Net("test", learns, test),),
            told="clips held back",
            clips=len(splits),
        )
