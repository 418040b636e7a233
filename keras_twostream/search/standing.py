"""How combinations stand, by all that was answered so far."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from keras_twostream.search.answers import Answers
from keras_twostream.search.jobs import Candidate
from keras_twostream.search.plan import Net
from keras_twostream.search.scoring import Scoring, leaders

# One of how many combinations goes on after its first look, for each part that
# nothing has seen; how many lead for a part, and are trained from other seeds.
GOES_ON, LEAD = 4, 2


class Standing:
    """Compares combinations, for all clips and for each left-out part.

    Whatever is said for a part follows from answers that may be known there.

    Args:
        scoring: `Scoring`.
        answers: `Answers`.
        seeds: How many seeds there are.
    """

    def __init__(self, scoring: Scoring, answers: Answers, seeds: int):
        self.scoring, self.answers, self.seeds = scoring, answers, seeds
        self.plan = scoring.plan

    def known(self, key: str, nets: Sequence[Net] = ()) -> list[dict[str, Any]]:
        """Returns the answers of a combination, for each seed.

        Args:
            key: Of the combination.
            nets: Networks that a seed must have, to count.
        """
        found = [self.answers.of(key, seed) for seed in range(self.seeds)]
        wanted = {net.name for net in nets}
        return [x for x in found if x and wanted <= {*x}]

    def complete(self, key: str) -> list[dict[str, Any]]:
        """Returns the answers of those seeds that have all inner networks."""
        return self.known(key, self.plan.inner)

    def failure(self, key: str) -> str:
        """Returns why a combination failed, "" if it did not."""
        reasons = (self.answers.failure(key, x) for x in range(self.seeds))
        return next(filter(None, reasons), "")

    def pace(self, key: str) -> float:
        """Returns the seconds that a network of a combination took."""
        nets = len(self.answers.of(key, 0))
        return self.answers.seconds(key, 0) / max(nets, 1)

    def rank(self, key: str, seeds: int = 1) -> float:
        """Returns the rank of a combination, by all clips.

        Args:
            key: Of the combination.
            seeds: How many of its seeds count.
        """
        return self.scoring.overall(self.complete(key)[:seeds]).rank

    def alive(self, candidates: Mapping[str, Candidate]) -> list[Candidate]:
        """Returns what has all inner networks, the best first.

        Args:
            candidates: Dict of key -> `Candidate`.
        """
        found = [
            x for x in candidates.values() if x.parts and self.complete(x.key)
        ]
        # By the first seed alone: others may be known from an earlier call.
        ranks = {x.key: self.rank(x.key) for x in found}
        return sorted(found, key=lambda x: -ranks[x.key])

    def let_go_on(
        self,
        candidates: Mapping[str, Candidate],
        generation: Sequence[Candidate],
    ) -> None:
        """Notes for which parts combinations are worth more networks.

        Args:
            candidates: Dict of key -> `Candidate`, all so far.
            generation: Those that have had their first look just now.
        """
        first = self.plan.rungs[0]
        looked = {
            x.key: found
            for x in candidates.values()
            if not x.form and (found := self.known(x.key, first)[:1])
        }
        most = math.ceil(len(looked) / GOES_ON)
        names = {net.name for net in first}
        for candidate in generation:
            candidate.judged = True
        for part in self.plan.outer:
            ahead = leaders(self.scoring, looked, most, part, names)
            for candidate in generation:
                if candidate.key in ahead:
                    candidate.parts.add(part.name)

    def best(
        self, candidates: Mapping[str, Candidate], most: int
    ) -> list[tuple[Candidate, set[str]]]:
        """Returns the best for each part, and for which of them each is.

        Args:
            candidates: Dict of key -> `Candidate`.
            most: How many there are at most for a part.
        """
        alive = self.alive(candidates)
        parts: dict[str, set[str]] = {}
        for part in self.plan.outer:
            for key in self._ahead(part, alive, most):
                parts.setdefault(key, set()).add(part.name)
        return [(x, parts[x.key]) for x in alive if x.key in parts]

    def leading(self, alive: Sequence[Candidate]) -> list[Candidate]:
        """Returns who is trained from other seeds too.

        Args:
            alive: Of the method `alive`.
        """
        found = {x.key for x in alive[:LEAD]}
        for part in self.plan.outer:
            found |= {*self._ahead(part, alive)}
        return [x for x in alive if x.key in found]

    def chosen(
        self, part: Net, leading: Sequence[Candidate], seeds: int
    ) -> str | None:
        """Returns the key of what is chosen for a part, `None` for nothing.

        Args:
            part: One of the plan's outer networks.
            leading: Of the method `leading`, with all their seeds.
            seeds: How many of these count.
        """
        ahead = self._ahead(part, leading)
        known = {key: self.complete(key)[:seeds] for key in ahead}
        found = leaders(self.scoring, known, 1, part)
        return found[0] if found else None

    def _ahead(self, part, pool, most=LEAD) -> list[str]:
        """Returns who leads for a part, of those that went on for it."""
        known = {
            x.key: self.complete(x.key)[:1]
            # In an order that says nothing of the part's labels.
            for x in sorted(pool, key=lambda x: x.key)
            if part.name in x.parts
        }
        return leaders(self.scoring, known, most, part)
