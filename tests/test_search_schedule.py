"""Which networks a search trains, with networks that only seem to be there."""

import dataclasses
import json
import zlib

import numpy as np
import pytest
from tiny_runs import RECIPE

from keras_twostream.data.crop import CropSpec
from keras_twostream.evaluation.averaging import softmax
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.search.answers import Answers, key_of
from keras_twostream.search.board import live
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
)
from keras_twostream.search.limits import Costs, Limits
from keras_twostream.search.plan import Plan
from keras_twostream.search.schedule import GENERATION, LAST_STEPS, Schedule
from keras_twostream.search.scoring import Scoring
from keras_twostream.search.space import Space
from keras_twostream.search.standing import LEAD, Standing
from keras_twostream.training.recipe import Recipe

BASE = dataclasses.replace(RECIPE, draws=1, freeze="relu5")
LEFT_OUT = ("start", "keep", "frames", "freeze", "seen", "learning_rate")
SPACE = Space.of(BASE).changed(
    location=["relu4", "relu5", "softmax"],
    fusion=["conv", "sum", "max"],
    dropout=[0.2, 0.5, 0.8],
    **dict.fromkeys(LEFT_OUT),
)
# Of two places three fusions each, and late fusion, with three dropouts.
COMBINATIONS = (2 * 3 + 1) * 3
GROUPS = [f"g{i}" for i in range(6) for _ in range(4)]
LABELS = np.arange(24) % 3
PLAN = Plan.crossed(LABELS, GROUPS)
INNER, OUTSIDE = (tuple(x.name for x in y) for y in (PLAN.inner, PLAN.outer))
PLANTED = {"location": "relu4", "fusion": "sum", "dropout": 0.2}
AMOUNTS = Amounts(seeds=2)


@pytest.fixture(autouse=True, scope="module")
def no_networks():
    """Nothing is built to know what it costs."""
    costs = Costs(parameters=1, multiply_adds=1, learning=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Costs, "of", classmethod(lambda *_: costs))
        yield


class Remembered(Answers):
    """Answers in memory, for tests of what is asked and not of files."""

    def __init__(self):
        self.all = {}

    def _read(self, key, seed):
        return dict(self.all.get((key, seed), {}))

    def _write(self, key, seed, arrays):
        self.all[key, seed] = arrays


class Networks:
    """What networks would answer, of combinations of which one is good.

    Args:
        planted: How much of the truth the good one has, and all others.
        whole: How much more of it they have with towers that learn.
        sharp: Whether they are sure of all that they say.
        fails: Function of a job -> whether it fails.
    """

    def __init__(self, planted=(4.0, 0.4), whole=0.0, sharp=False, fails=None):
        self.planted, self.whole, self.sharp = planted, whole, sharp
        self.fails = fails or (lambda job: False)

    def answer(self, job, net, key):
        text = f"{key} {net.name} {job.seed}"
        rng = np.random.default_rng(zlib.crc32(text.encode()))
        logits = rng.normal(size=(len(net.answers), 3))
        truth = LABELS[net.answers]
        strength = self.planted[job.values != PLANTED]
        strength += self.whole * (job.form == WHOLE)
        logits[np.arange(len(truth)), truth] += strength
        scores = softmax(logits).astype(np.float32)
        return (
            np.float32(scores == scores.max(1, keepdims=True))
            if (self.sharp)
            else scores
        )


class Clock:
    """Time that only networks take, a second each."""

    def __init__(self, seconds=0.0):
        self.seconds = seconds

    def __call__(self):
        return self.seconds


def schedule(
    answers=None, amounts=AMOUNTS, labels=LABELS, clock=None, before=0
):
    return Schedule(
        SPACE,
        Scoring(PLAN, labels),
        answers or Remembered(),
        ("a", "b", "c"),
        Limits(),
        amounts,
        0,
        clock or Clock(),
        before,
    )


def drive(found, networks, rng=None, most=None):
    """Does all jobs of a schedule, and returns its batches.

    Args:
        found: `Schedule`.
        networks: `Networks`.
        rng: Generator of the order of jobs, if not their own.
        most: How many networks are trained at most, as by a kill.
    """
    batches, trained = [], 0
    for batch in found.batches():
        batches.append([(key_of(x.recipe(SPACE)), x) for x in batch])
        order = (
            range(len(batch)) if rng is None else rng.permutation(len(batch))
        )
        for key, job in [batches[-1][i] for i in order]:
            known = found.answers.of(key, job.seed)
            if found.answers.failure(key, job.seed):
                continue
            for net in job.nets(PLAN):
                if net.name in known:
                    continue
                if trained == most:
                    return batches
                trained += 1
                answer = networks.answer(job, net, key)
                if networks.fails(job):
                    found.answers.fail(key, job.seed, "out of memory")
                    break
                found.answers.add(key, job.seed, 1.0, **{net.name: answer})
                found.clock.seconds += 1.0
    return batches


def told(batches):
    """Returns batches as what can be compared, whatever the order."""
    return [
        sorted((key, job.asks, job.seed, job.form) for key, job in batch)
        for batch in batches
    ]


def ended(found):
    return found.winner, found.chosen, [*found.candidates]


def key(values):
    return key_of(SPACE.recipe(values))


@pytest.fixture(scope="module")
def searched(no_networks):
    """A search of all combinations, with its batches."""
    found = schedule()
    return found, drive(found, Networks())


def test_the_default_comes_first_with_all_its_networks(searched):
    found, batches = searched
    ((first, job),) = batches[0]
    assert first == found.default.key == key(SPACE.default)
    assert (job.asks, job.seed, job.form) == (ALL_INNER, 0, "")
    assert {*found.answers.of(first, 0)} >= {*INNER}


def test_of_every_generation_some_go_on(searched):
    found, batches = searched
    firsts = [x for x in batches if x and x[0][1].asks == FIRST]
    rests = [x for x in batches if x and x[0][1].asks == REST]
    assert [*map(len, firsts)] == [GENERATION] * 3 + [COMBINATIONS - 19]
    seen = [key for batch in firsts for key, _ in batch]
    assert len({*seen, found.default.key}) == COMBINATIONS
    gone_on = {key for batch in rests for key, _ in batch}
    assert gone_on < {*seen}
    rung = {net.name for net in PLAN.rungs[0]}
    for name in seen:
        known = {*found.answers.of(name, 0)} & {*INNER}
        assert known == ({*INNER} if name in gone_on else rung)


def test_who_leads_is_trained_from_every_seed_and_the_best_wins(searched):
    found, batches = searched
    seeds = [job for batch in batches for _, job in batch if job.seed]
    assert {job.seed for job in seeds} == {1}
    assert all(job.asks == ALL_INNER for job in seeds)
    assert LEAD <= len(seeds) < COMBINATIONS / 2
    assert found.winner == key(PLANTED)
    assert {*found.chosen} == {*OUTSIDE}
    assert {*found.chosen.values()} == {key(PLANTED)}
    assert found.step == "done"


def test_what_is_chosen_answers_for_what_nothing_has_seen(searched):
    found, batches = searched
    asked = [(key, job.form) for key, job in batches[-1]]
    assert all(job.asks == OUTER for _, job in batches[-1])
    assert [*map(len, told(batches))][-1] == 4
    assert {(key(PLANTED), ""), (found.default.key, "")} < {*asked}
    assert [form for _, form in asked][2:] == [RGB, FLOW]
    for name, _ in asked:
        assert {*found.answers.of(name, 0)} >= {*OUTSIDE}
    # Nobody else has asked for it.
    others = {*found.candidates} - {name for name, _ in asked}
    assert not any({*found.answers.of(x, 0)} & {*OUTSIDE} for x in others)


@pytest.mark.parametrize("order", range(2))
def test_any_number_of_workers_in_any_order_find_the_same(searched, order):
    found, batches = searched
    again = schedule()
    rng = np.random.default_rng(order)
    assert told(drive(again, Networks(), rng)) == told(batches)
    assert ended(again) == ended(found)


# Combinations alike, so that other seeds may well change who is ahead.
ALIKE = Networks(planted=(0.6, 0.5))


@pytest.fixture(scope="module", params=[0, 1], ids=["plain", "end to end"])
def close(request, no_networks, tmp_path_factory):
    """A search where combinations are alike."""
    answers = Answers(tmp_path_factory.mktemp("answers"))
    amounts = Amounts(seeds=3, end_to_end=request.param)
    found = schedule(answers, amounts)
    return found, drive(found, ALIKE)


def test_a_search_that_is_done_is_found_again(close):
    found, batches = close
    folder = found.answers.folder
    times = {x.name: x.stat().st_mtime_ns for x in folder.iterdir()}
    again = schedule(Answers(folder), found.amounts)
    networks = Networks(fails=lambda job: pytest.fail("trained again"))
    assert told(drive(again, networks)) == told(batches)
    assert ended(again) == ended(found)
    assert {x.name: x.stat().st_mtime_ns for x in folder.iterdir()} == times


@pytest.mark.parametrize("most", [0, 1, 60, 137, 200, 260, 330])
def test_a_search_that_was_killed_ends_as_any_other(close, most):
    found, batches = close
    killed = schedule(amounts=found.amounts)
    drive(killed, ALIKE, most=most)
    again = schedule(killed.answers, found.amounts)
    assert told(drive(again, ALIKE)) == told(batches)
    assert ended(again) == ended(found)


@pytest.mark.parametrize("seed", range(3))
def test_answers_that_got_lost_are_asked_for_again(close, seed):
    found, batches = close
    rng = np.random.default_rng(seed)
    some = Remembered()
    for path in sorted(found.answers.folder.iterdir()):
        name, number, _ = path.name.split(".")
        known = found.answers.of(name, int(number))
        kept = {x: v for x, v in known.items() if rng.random() < 0.7}
        if kept:
            some.add(name, int(number), float(len(kept)), **kept)
    again = schedule(some, found.amounts)
    assert told(drive(again, ALIKE)) == told(batches)
    assert ended(again) == ended(found)


def test_the_best_are_also_trained_from_end_to_end():
    found = schedule(amounts=Amounts(seeds=1, end_to_end=1))
    batches = drive(found, Networks())
    jobs = [x for batch in batches for x in batch if x[1].form == WHOLE]
    (name, job), *_ = jobs
    assert job.values == PLANTED
    assert job.asks == ALL_INNER
    assert found.candidates[name].form == WHOLE
    recipe = job.recipe(SPACE)
    assert (recipe.freeze, recipe.draws) == (None, None)
    assert [x["name"] for x in recipe.stages] == ["head", "all"]
    assert found.winner in {name, key(PLANTED)}


FAILURES = {
    "first look": lambda job: job.asks == FIRST,
    "rest": lambda job: job.asks == REST,
    "another seed": lambda job: job.seed == 1,
}


@pytest.mark.parametrize("fails", FAILURES.values(), ids=FAILURES)
def test_a_combination_that_fails_is_passed_over(fails):
    networks = Networks(fails=lambda job: job.values == PLANTED and fails(job))
    found = schedule()
    batches = drive(found, networks)
    assert found.standing.failure(key(PLANTED)) == "out of memory"
    assert found.winner in {*found.candidates} - {key(PLANTED)}
    assert key(PLANTED) not in found.chosen.values()
    asked = {name for name, job in batches[-1]}
    assert key(PLANTED) not in asked
    again = schedule(found.answers)
    assert told(drive(again, networks)) == told(batches)
    assert ended(again) == ended(found)


def test_where_the_default_fails_another_one_wins():
    networks = Networks(fails=lambda job: job.values == SPACE.default)
    found = schedule()
    drive(found, networks)
    assert found.winner == key(PLANTED)


def test_where_all_fail_the_default_is_left():
    found = schedule(amounts=Amounts(trials=3, seeds=2))
    drive(found, Networks(fails=lambda job: True))
    assert found.winner == found.default.key
    assert {*found.chosen.values()} == {found.default.key}


@pytest.mark.parametrize("trials", [1, 2, 9])
def test_no_more_is_tried_than_is_wanted(trials):
    found = schedule(amounts=Amounts(trials=trials, seeds=1))
    drive(found, Networks())
    assert len(found.candidates) == trials


def test_a_longer_search_goes_on_with_the_same_combinations():
    answers = Remembered()
    short, longer = (
        schedule(answers, Amounts(trials=n, seeds=1)) for n in (7, 13)
    )
    batches = drive(short, Networks())
    again = drive(longer, Networks())
    assert told(again)[:3] == told(batches)[:3]
    assert [*longer.candidates][:7] == [*short.candidates]
    assert len(longer.candidates) == 13


@pytest.mark.parametrize("end_to_end", [0, 2])
def test_proposals_end_in_time_and_are_made_again(end_to_end):
    # What is left after the proposals, of networks that take a second.
    reserve = LAST_STEPS + len(OUTSIDE) + 2 * len(OUTSIDE)
    budget = reserve + len(INNER) + 2 * GENERATION * len(PLAN.rungs[0])
    amounts = Amounts(budget=budget, seeds=1, end_to_end=end_to_end)
    clock = Clock()
    found = schedule(amounts=amounts, clock=clock)
    batches = drive(found, Networks())
    plain = [x for x in found.candidates.values() if not x.form]
    assert GENERATION < len(plain) < COMBINATIONS
    whole = end_to_end * len(INNER)
    assert clock() <= budget + GENERATION * len(INNER) + whole
    # Interrupted where time is up: the same ones, and no others.
    before = live(found, clock())["combinations"]
    clock = Clock(10 * budget)
    again = schedule(found.answers, amounts, clock=clock, before=before)
    assert told(drive(again, Networks())) == told(batches)
    assert ended(again) == ended(found)
    # Without time only the default is tried.
    late = schedule(amounts=amounts, clock=Clock(budget))
    drive(late, Networks())
    assert len([x for x in late.candidates.values() if not x.form]) == 1


def test_little_time_is_for_combinations_before_other_seeds():
    # There would be time to train the default from other seeds.
    last = LAST_STEPS + 3 * len(OUTSIDE)
    amounts = Amounts(budget=last + 3.2 * len(INNER), seeds=3)
    found = schedule(amounts=amounts, clock=(clock := Clock()))
    drive(found, Networks())
    assert len(found.candidates) > GENERATION / 2
    assert clock() <= amounts.budget + len(INNER)
    # With nothing to choose among, no other seed says anything.
    amounts = Amounts(trials=1, seeds=3)
    found = schedule(amounts=amounts)
    jobs = [job for batch in drive(found, Networks()) for _, job in batch]
    assert {job.seed for job in jobs} == {0}
    assert found.winner == found.default.key


def test_a_seed_that_there_was_time_for_is_found_again():
    """Even where one of those that lead failed from that seed."""
    amounts = Amounts(budget=10_000.0, seeds=2)
    networks = Networks(fails=lambda job: job.seed and job.values == PLANTED)
    found = schedule(amounts=amounts)
    batches = drive(found, networks)
    assert found.answers.failure(key(PLANTED), 1) == "out of memory"
    assert any(job.seed for batch in batches for _, job in batch)
    clock = Clock(10 * amounts.budget)
    before = live(found, 0.0)["combinations"]
    again = schedule(found.answers, amounts, clock=clock, before=before)
    assert told(drive(again, networks)) == told(batches)
    assert ended(again) == ended(found)


CHANGED = [(sharp, whole) for sharp in (False, True) for whole in (0, 1)]


@pytest.mark.parametrize(("sharp", "end_to_end"), CHANGED)
def test_labels_of_a_part_change_nothing_that_is_chosen_for_it(
    sharp, end_to_end
):
    """Networks answer the same; only what is right is another thing."""
    networks = Networks(planted=(0.6, 0.5), whole=2.0, sharp=sharp)
    amounts = Amounts(seeds=2, end_to_end=end_to_end, trials=13)
    found = schedule(amounts=amounts)
    drive(found, networks)
    others = 0
    for part in PLAN.outer:
        for step in (1, 2):
            labels = LABELS.copy()
            labels[part.answers] = (labels[part.answers] + step) % 3
            other = schedule(amounts=amounts, labels=labels)
            drive(other, networks)
            assert other.chosen[part.name] == found.chosen[part.name]
            others += other.winner != found.winner
            others += other.chosen != found.chosen
    assert others


def test_not_even_among_equals_a_label_says_who_is_chosen_for_its_part():
    """Two that differ in what they say of the part alone."""
    part = PLAN.outer[2]
    wrong = (LABELS[part.answers] + 1) % 3
    answers = Remembered()
    for name, truth in (("a", LABELS[part.answers]), ("b", wrong)):
        labels = LABELS.copy()
        labels[part.answers] = truth
        scores = {x.name: np.eye(3)[labels[x.answers]] for x in PLAN.inner}
        answers.add(name, 0, 1.0, **scores)
    winners, chosen = [], []
    for truth in (LABELS[part.answers], wrong):
        labels = LABELS.copy()
        labels[part.answers] = truth
        standing = Standing(Scoring(PLAN, labels), answers, 1)
        both = {x: Candidate({}, x, parts={*OUTSIDE}) for x in "ab"}
        alive = standing.alive(both)
        winners.append(alive[0].key)
        chosen.append(standing.chosen(part, standing.leading(alive), 1))
    assert winners == ["a", "b"]
    assert len({*chosen}) == 1


ARRAYS = {
    "blocks 0 1": np.float32([[0.25, 0.75], [1, 0]]),
    "part 0": np.float64([[0.1, 0.9]]),
}


def test_answers_are_what_was_kept(tmp_path):
    answers = Answers(tmp_path / "new" / "folder")
    assert answers.of("k", 0) == {}
    assert answers.failure("k", 0) == ""
    assert answers.seconds("k", 0) == 0.0
    for seconds, (name, scores) in enumerate(ARRAYS.items(), 1):
        answers.add("k", 0, seconds, **{name: scores})
    found = Answers(tmp_path / "new" / "folder").of("k", 0)
    assert {*found} == {*ARRAYS}
    for name, scores in ARRAYS.items():
        np.testing.assert_array_equal(found[name], scores)
        assert found[name].dtype == scores.dtype
    assert answers.seconds("k", 0) == 3.0
    assert type(answers.seconds("k", 0)) is float
    assert answers.of("k", 1) == answers.of("j", 0) == {}
    answers.fail("k", 0, "too large")
    assert answers.failure("k", 0) == "too large"
    assert type(answers.failure("k", 0)) is str
    assert {*answers.of("k", 0)} == {*ARRAYS}
    answers.fail("j", 2, "nowhere")
    assert (answers.failure("j", 2), answers.failure("j", 0)) == ("nowhere", "")


def test_answers_are_kept_whole_or_not_at_all(tmp_path, monkeypatch):
    answers = Answers(tmp_path)
    answers.add("k", 0, 1.0, first=ARRAYS["part 0"])

    def broken(file, **arrays):
        file.write(b"half of")
        raise OSError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(np, "savez", broken)
        with pytest.raises(OSError, match="disk full"):
            answers.add("k", 0, 1.0, second=ARRAYS["part 0"])
        with pytest.raises(OSError, match="disk full"):
            answers.add("j", 0, 1.0, second=ARRAYS["part 0"])
    assert [x.name for x in tmp_path.iterdir()] == ["k.0.npz"]
    assert {*answers.of("k", 0)} == {"first"}
    assert answers.seconds("k", 0) == 1.0


def test_answers_run_nothing_that_a_file_says(tmp_path):
    np.savez(tmp_path / "k.0.npz", evil=np.array([{"a": 1}], object))
    with pytest.raises(ValueError, match="allow_pickle=False"):
        Answers(tmp_path).of("k", 0)


OTHERS = {
    "model": "sum_relu5",
    "backbone": "mobilenet",
    "streams": ("rgb",),
    "fuse": {"relu4": "sum"},
    "keep": True,
    "weights": "imagenet",
    "inflation": "copy",
    "time": {"fc8": "average"},
    "epochs": 7,
    "batch_size": 5,
    "optimizer": "sgd",
    "learning_rate": 0.25,
    "momentum": 0.5,
    "weight_decay": 0.1,
    "rate_factors": {"fc8": 10.0},
    "schedule": "constant",
    "warmup": 1,
    "clip_norm": 1.0,
    "label_smoothing": 0.1,
    "balance": "weights",
    "ema": 0.9,
    "batch_norm": "partial",
    "accumulate": 2,
    "precision": "mixed_bfloat16",
    "dropout": 0.1,
    "stream_dropout": 0.3,
    "freeze": "relu4",
    "draws": 2,
    "patience": 3,
    "validation_split": 0.5,
    "image_size": (48, 48),
    "flow_frames": 3,
    "frames": 4,
    "sampling": "dense",
    "tau": 2,
    "short": "loop",
    "flow": FlowSpec(short_side=48),
    "crop": CropSpec(scales=(1.0, 0.7)),
    "protocol": "quick",
}
TOGETHER = {
    "steps_per_epoch": {"steps_per_epoch": 3, "draws": None},
    "drops": {"drops": (3,), "schedule": "drops"},
    "stages": {"draws": None, "stages": ({"name": "a"},)},
}


def test_a_key_is_that_of_everything_but_seed_and_description():
    first = key_of(BASE)
    same = dataclasses.replace(BASE, seed=9, description="other words")
    assert key_of(same) == first
    assert key_of(Recipe.from_dict(json.loads(told_of(BASE)))) == first
    fields = {x.name for x in dataclasses.fields(BASE)}
    assert {*OTHERS, *TOGETHER} == fields - {"seed", "description"}
    changes = [{name: value} for name, value in OTHERS.items()]
    changes += TOGETHER.values()
    keys = [key_of(dataclasses.replace(BASE, **change)) for change in changes]
    assert len({first, *keys}) == len(keys) + 1


def told_of(recipe):
    return json.dumps(recipe.to_dict())
