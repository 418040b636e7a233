"""Which networks a search trains, in which order.

The schedule is a generator of batches of jobs; the next batch follows from the
answers of those before, not from who did them when. So one process, many
workers, or a search that was killed and begun again train the same networks.
"""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from keras_twostream.search.answers import Answers, key_of
from keras_twostream.search.jobs import (
    ALL_INNER,
    FIRST,
    FLOW,
    OUTER,
    REST,
    RGB,
    WHOLE,
    Amounts,
    Candidate,
    Job,
    formed,
)
from keras_twostream.search.limits import Costs, Limits
from keras_twostream.search.scoring import Scoring, best
from keras_twostream.search.space import Space
from keras_twostream.search.standing import LEAD, Standing

# Combinations between two looks at who goes on.
GENERATION = 6
# Seconds for what comes after the networks: the winner, plots.
LAST_STEPS = 45.0


class Schedule:
    """Proposes combinations, drops the worse, and repeats the best.

    Args:
        space: `Space`.
        scoring: `Scoring`.
        answers: `Answers`.
        class_names: Names of the classes.
        limits: `Limits`.
        amounts: `Amounts`.
        seed: Of the proposals.
        clock: Function that returns the seconds that the search has taken.
        before: How many combinations there were when it was interrupted,
            which are proposed again whatever the time.

    Attributes:
        candidates: Dict of key -> `Candidate`, in the order of proposal.
        chosen: Dict of outer part -> key of what is chosen for it.
        winner: Key of what is chosen by all.
        standing: `Standing` of the combinations.
        step: What is going on, in words.
    """

    def __init__(
        self,
        space: Space,
        scoring: Scoring,
        answers: Answers,
        class_names: Any,
        limits: Limits,
        amounts: Amounts,
        seed: int,
        clock: Callable[[], float],
        before: int = 0,
    ):
        self.space, self.scoring, self.answers = space, scoring, answers
        self.standing = Standing(scoring, answers, amounts.seeds)
        self.class_names, self.amounts = class_names, amounts
        self.clock, self.before = clock, before
        self.step = "default"
        self.plan = scoring.plan
        self._sequence = space.sequence(seed)
        self.candidates: dict[str, Candidate] = {}
        self.chosen: dict[str, str] = {}
        self.winner: str | None = None
        self.default = next(self._proposals(limits))
        costs = self.default.costs
        if costs is None or self.default.why:
            raise ValueError(
                f"The default combination cannot be: {self.default.why}. "
                f"Received: {self.default.values}"
            )
        self.limits = limits.beside(costs)
        self._proposed = self._proposals(self.limits)

    def batches(self) -> Iterator[list[Job]]:
        """Yields jobs that can be done in any order before the next ones."""
        every = {part.name for part in self.plan.outer}
        self.default.parts = set(every)
        yield [self._job(self.default, ALL_INNER)]
        while generation := self._generation():
            self.step = f"{len(self.candidates)} combinations"
            yield [self._job(x, FIRST) for x in generation]
            self.standing.let_go_on(self.candidates, generation)
            yield [self._job(x, REST) for x in generation if x.parts]
        self.step = "end to end"
        yield from self._end_to_end()
        self.step = "other seeds"
        alive = self.standing.alive(self.candidates) or [self.default]
        leading = self.standing.leading(alive)
        seeds, most = 1, self.amounts.seeds if leading[1:] else 1
        while seeds < most and self._affords(leading, seeds):
            yield [self._job(x, ALL_INNER, seeds) for x in leading]
            seeds += 1
        self._choose(leading, seeds)
        self.step = "clips that nothing has seen"
        yield self._outer()
        self.step = "done"

    def _job(self, candidate, asks, seed=0):
        return Job(candidate.values, asks, seed, candidate.form)

    def _proposals(self, limits) -> Iterator[Candidate]:
        """Yields combinations that are other networks."""
        for values in self._sequence:
            recipe = self.space.recipe(values)
            key = key_of(recipe)
            if key in self.candidates:
                continue
            found = Candidate(values=values, key=key)
            try:
                found.costs = Costs.of(recipe, self.class_names)
                found.why = limits.refusal(found.costs)
            except ValueError as error:
                found.why = str(error)
            self.candidates[key] = found
            yield found

    def _generation(self) -> list[Candidate]:
        """Returns the next combinations to look at."""
        found: list[Candidate] = []
        while len(found) < GENERATION and self._has_room(len(found) + 1):
            candidate = next(self._proposed, None)
            if candidate is None:
                break
            if not candidate.why:
                found.append(candidate)
        return found

    def _has_room(self, waiting) -> bool:
        """Returns whether there is room for so many more combinations."""
        trials, budget = self.amounts.trials, self.amounts.budget
        tried = sum(not x.why for x in self.candidates.values())
        if trials is not None and tried >= trials:
            return False
        if budget is None or len(self.candidates) < self.before:
            return True
        paces = [self.standing.pace(key) for key in self.candidates]
        known = [pace for pace in paces if pace]
        # Some of those that have a first look go on.
        pace = sum(known) / max(len(known), 1) * len(self.plan.inner) / 2
        waits = waiting * pace + self._reserve()
        return self.clock() + waits < budget

    def _reserve(self) -> float:
        """Returns the seconds that what comes after the proposals takes."""
        alive = self.standing.alive(self.candidates)[:1] or [self.default]
        # More seeds than one more are for the time that is left, and none
        # comes before there is something to choose among.
        few = sum(x.judged for x in self.candidates.values()) < GENERATION
        again = 0 if few else min(self.amounts.seeds - 1, 1)
        repeats = again * len(self.plan.inner) * LEAD
        pace = max(self.standing.pace(x.key) for x in alive)
        return repeats * pace + self._last(pace)

    def _last(self, pace) -> float:
        """Returns the seconds that the outer networks and the rest take."""
        default = self.standing.pace(self.default.key)
        return LAST_STEPS + (pace + 2 * default) * len(self.plan.outer)

    def _affords(self, leading, seed) -> bool:
        """Returns whether there is time for one more seed."""
        budget = self.amounts.budget
        if budget is None or all(
            self.answers.of(x.key, seed) or self.answers.failure(x.key, seed)
            for x in leading
        ):
            return True
        paces = [self.standing.pace(x.key) for x in leading]
        seconds = sum(paces) * len(self.plan.inner) + self._last(max(paces))
        return self.clock() + seconds < budget

    def _choose(self, leading, seeds) -> None:
        """Chooses for every part, and by all."""
        whole = [
            x for x in leading if len(self.standing.complete(x.key)) >= seeds
        ]
        ranks = {x.key: self.standing.rank(x.key, seeds) for x in whole}
        self.winner = best(ranks) if ranks else self.default.key
        for part in self.plan.outer:
            key = self.standing.chosen(part, whole, seeds)
            self.chosen[part.name] = key or self.default.key

    def _end_to_end(self) -> Iterator[list[Job]]:
        """Yields the best with towers that learn, as combinations."""
        found = []
        most = self.amounts.end_to_end
        for candidate, parts in self.standing.best(self.candidates, most):
            recipe = formed(self.space.recipe(candidate.values), WHOLE)
            whole = dataclasses.replace(
                candidate, key=key_of(recipe), form=WHOLE, parts=parts
            )
            self.candidates[whole.key] = whole
            found.append(whole)
        if found:
            yield [self._job(x, ALL_INNER) for x in found]

    def _outer(self) -> list[Job]:
        """Returns the networks that answer for what nothing has seen."""
        keys = dict.fromkeys([*self.chosen.values(), self.default.key])
        jobs = [self._job(self.candidates[key], OUTER) for key in keys]
        values = self.default.values
        return [*jobs, *(Job(values, OUTER, form=x) for x in (RGB, FLOW))]
