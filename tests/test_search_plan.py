"""Which networks may know which clips, and what is made of their answers."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from keras_twostream.search.plan import Net, Plan
from keras_twostream.search.scoring import Scoring, best, leaders


def plan_of(groups, clips=3, classes=3, seed=0):
    """Returns a plan of so many groups of clips, labels and groups."""
    numbers = np.repeat(np.arange(groups), clips)
    labels = np.arange(len(numbers)) % classes
    names = [f"g{i:02}" for i in numbers]
    return Plan.crossed(labels, names, seed), labels, names


def alone(clips, classes=3, seed=0):
    """Returns a plan of clips without groups."""
    labels = np.arange(clips) % classes
    return Plan.crossed(labels, None, seed), labels, None


CASES = {f"{n} groups": plan_of(n) for n in range(3, 13)} | {
    "15 clips": alone(15),
    "60 clips": alone(60),
    "400 clips": alone(400),
    "30 groups": plan_of(30, clips=2),
    "another draw": plan_of(30, clips=2, seed=1),
}
PLANS = pytest.mark.parametrize(
    ("plan", "labels", "groups"), CASES.values(), ids=CASES
)


def blocks_of(plan):
    """Returns the sets of clips that inner networks leave out together."""
    left_out = [
        frozenset(net.name for net in plan.inner if clip in net.answers)
        for clip in range(plan.clips)
    ]
    found: dict[frozenset, list] = {}
    for clip, names in enumerate(left_out):
        found.setdefault(names, []).append(clip)
    return [frozenset(clips) for clips in found.values()]


def checked(plan, labels, groups):
    """Checks all that a plan for few clips promises."""
    everything = [*range(len(labels))]
    assert plan.clips == len(labels)
    # Every clip is answered by one outer network.
    assert sorted(np.concatenate([x.answers for x in plan.outer])) == everything
    for net in (*plan.inner, *plan.outer):
        # What it answers for it has not learnt from, and it skips nothing.
        assert sorted([*net.learns, *net.answers]) == everything
        assert len(net.learns)
        assert len(net.answers)
        assert net.saw(net.learns[:1])
        assert not net.saw(net.answers)
    if groups:
        for name in {*groups}:
            clips = np.flatnonzero(np.array(groups) == name)
            for net in (*plan.inner, *plan.outer):
                assert len({*np.isin(clips, net.answers)}) == 1
    names = [net.name for net in (*plan.inner, *plan.outer)]
    assert len({*names}) == len(names)
    # Every pair of blocks is left out by one network.
    blocks = blocks_of(plan)
    assert len(blocks) == min(5, len(plan.outer))
    pairs = {a | b for a, b in itertools.combinations(blocks, 2)}
    found = [frozenset(net.answers.tolist()) for net in plan.inner]
    assert len(found) == len(pairs)
    assert {*found} == pairs
    # The first look asks for every clip as often as for any other.
    first = np.concatenate([net.answers for net in plan.rungs[0]])
    assert {*np.bincount(first)} == {2}
    # It is as many networks as there are blocks, or half as many.
    assert {*map(len, plan.rungs)} <= {len(blocks), len(blocks) // 2}
    for part in plan.outer:
        reasons_checked(plan, part)


def reasons_checked(plan, part):
    """Checks that what may be known for a part says nothing of it."""
    reasons = plan.reasons(part)
    covered = np.zeros(plan.clips, int)
    for net, chosen in reasons:
        assert not {*net.learns} & {*part.answers}
        asked = net.answers[chosen]
        assert not {*asked} & {*part.answers}
        covered[asked] += 1
    # All that is known is used: nothing else of the network is masked.
    names = {net.name for net, _ in reasons}
    for net in plan.inner:
        assert (net.name in names) == (not {*net.learns} & {*part.answers})
    others = np.delete(covered, part.answers)
    assert others.min() >= 1
    assert not covered[part.answers].any()


@PLANS
def test_a_plan_leaves_out_every_clip_and_every_pair_of_blocks(
    plan, labels, groups
):
    checked(plan, labels, groups)


@settings(max_examples=25, deadline=None, database=None)
@given(
    st.lists(st.integers(1, 5), min_size=3, max_size=16),
    st.integers(0, 5),
    st.data(),
)
def test_a_plan_of_groups_of_any_size_does_too(sizes, seed, data):
    groups = [f"g{i}" for i, size in enumerate(sizes) for _ in range(size)]
    labels = np.arange(len(groups)) % 2
    order = data.draw(st.permutations(range(len(groups))))
    groups = [groups[i] for i in order]
    checked(Plan.crossed(labels, groups, seed), labels, groups)


@PLANS
def test_plans_say_what_their_parts_are(plan, labels, groups):
    count = len(plan.outer)
    whole = groups is not None and len({*groups}) == count
    assert plan.told == f"{count} {'groups' if whole else 'folds'}"
    assert count == (5 if len(labels) > 300 else min(10, count))


@pytest.mark.parametrize(
    "groups",
    [["a"] * 6 + ["b"] * 6, ["a"] * 12],
    ids=["two groups", "one group"],
)
def test_two_groups_are_too_few(groups):
    with pytest.raises(ValueError, match="needs (three|two) .*Received: [12]"):
        Plan.crossed(np.arange(12) % 3, groups)


def test_the_same_seed_is_the_same_plan():
    (one, *_), (same, *_), (other, *_) = (
        plan_of(30, clips=2, seed=seed) for seed in (0, 0, 1)
    )

    def parts(plan):
        return [x.answers.tolist() for x in plan.outer]

    assert parts(one) == parts(same)
    assert parts(one) != parts(other)


SPLITS = ["train"] * 12 + ["test"] * 4 + ["validation"] * 5 + ["train"] * 3


def test_test_clips_are_in_no_network_that_chooses():
    plan = Plan.held_back(SPLITS)
    splits = np.array(SPLITS)
    (outer,) = plan.outer
    assert {*splits[outer.answers]} == {"test"}
    assert len(outer.answers) == 4
    assert {*splits[outer.learns]} == {"train", "validation"}
    assert len(outer.learns) == 20
    first, second = plan.rungs
    for (net,) in plan.rungs:
        assert {*splits[net.learns]} == {"train"}
        assert {*splits[net.answers]} == {"validation"}
        assert len(net.answers) == 5
    assert len(first[0].learns) == 5
    assert len(second[0].learns) == 15
    reasons = plan.reasons(outer)
    assert [net.name for net, _ in reasons] == [x.name for x in plan.inner]
    assert all(chosen.all() for _, chosen in reasons)


@pytest.mark.parametrize("missing", ["train", "validation", "test"])
def test_all_three_splits_have_clips(missing):
    splits = [x for x in SPLITS if x != missing]
    with pytest.raises(ValueError, match=r"Received: .*\b0\b"):
        Plan.held_back(splits)


# Four blocks of one clip: every pair is left out once.
LABELS = np.array([0, 1, 0, 1])
FOUR = Plan.crossed(LABELS, [*"abcd"])


def scores(net, right, sure=0.8):
    """Returns what a network answers that knows some of the clips."""
    found = np.full((len(net.answers), 2), 1 - sure, np.float32)
    for row, clip in enumerate(net.answers):
        truth = LABELS[clip]
        found[row, truth if clip in right else 1 - truth] = sure
    return found


def all_inner(right, sure=0.8, plan=FOUR):
    return {net.name: scores(net, right, sure) for net in plan.inner}


def test_scores_are_shares_of_right_answers():
    scoring = Scoring(FOUR, LABELS)
    whole = scoring.overall([all_inner({0, 1, 3})])
    np.testing.assert_array_equal(whole.right, [1, 1, 0, 1])
    np.testing.assert_allclose(whole.sure, [0.8, 0.8, 0.2, 0.8], rtol=1e-6)
    assert whole.accuracy == 0.75
    # Of two seeds one knows the third clip as well.
    both = scoring.overall([all_inner({0, 1, 3}), all_inner({0, 1, 2, 3})])
    np.testing.assert_array_equal(both.right, [1, 1, 0.5, 1])
    assert both.accuracy == 0.875
    assert both.rank > whole.rank
    low, high = both.interval(None)
    assert low <= both.accuracy <= high


def test_only_networks_that_are_there_and_asked_for_count():
    scoring = Scoring(FOUR, LABELS)
    known = all_inner({0, 1})
    nets = [net for net in FOUR.inner if {*net.answers} == {0, 2}]
    (net,) = nets
    few = scoring.overall([known], {net.name})
    np.testing.assert_array_equal(few.right, [1, np.nan, 0, np.nan])
    assert few.accuracy == 0.5
    part = scoring.overall([{net.name: known[net.name]}])
    np.testing.assert_array_equal(part.right, few.right)
    nothing = scoring.overall([])
    assert np.isnan(nothing.accuracy)
    assert np.isnan(nothing.rank)


def test_a_part_is_chosen_for_without_its_clips():
    """Three networks leave out the part, each with another clip."""
    scoring = Scoring(FOUR, LABELS)
    part = FOUR.outer[0]
    assert part.answers.tolist() == [0]
    for right, expected in (
        ({0}, [np.nan, 0, 0, 0]),
        ({0, 3}, [np.nan, 0, 0, 1]),
        ({1, 2, 3}, [np.nan, 1, 1, 1]),
    ):
        found = scoring.for_part(part, [all_inner(right)])
        np.testing.assert_array_equal(found.right, expected)
    # What is right for the part alone is as good as nothing there.
    answers = {
        "part": [all_inner({0})],
        "other": [all_inner({1})],
        "none": [all_inner(set())],
    }
    ranks = {key: scoring.for_part(part, x).rank for key, x in answers.items()}
    assert ranks["part"] == ranks["none"] < ranks["other"]
    assert scoring.overall(answers["part"]).accuracy == 0.25
    assert leaders(scoring, answers, 1, part) == ["other"]
    assert leaders(scoring, answers, 3, part) == ["other", "part", "none"]


def test_networks_that_learnt_from_a_part_say_nothing_there():
    scoring = Scoring(FOUR, LABELS)
    part = FOUR.outer[0]
    before = all_inner({1, 2, 3})
    changed = {
        net.name: scores(net, {1, 2, 3} if not net.saw(part.answers) else {0})
        for net in FOUR.inner
    }
    ours, theirs = (scoring.for_part(part, [x]) for x in (before, changed))
    np.testing.assert_array_equal(ours.right, theirs.right)
    assert ours.rank == theirs.rank
    assert scoring.overall([changed]).rank < scoring.overall([before]).rank


def random_answers(rng, plan, classes=3, combinations=6):
    return {
        f"k{i}": [
            {
                net.name: rng.dirichlet(
                    np.ones(classes), len(net.answers)
                ).astype(np.float32)
                for net in plan.inner
            }
            for _ in range(2)
        ]
        for i in range(combinations)
    }


@pytest.mark.parametrize("groups", [3, 4, 5, 7, 12])
def test_labels_of_a_part_change_nothing_that_is_chosen_for_it(rng, groups):
    plan, labels, _ = plan_of(groups)
    answers = random_answers(rng, plan)
    scoring = Scoring(plan, labels)
    elsewhere = 0
    for part in plan.outer:
        changed = labels.copy()
        changed[part.answers] = (changed[part.answers] + 1) % 3
        other = Scoring(plan, changed)
        for nets in (None, {net.name for net in plan.rungs[0]}):
            for x in answers.values():
                assert (
                    scoring.for_part(part, x, nets).rank
                    == other.for_part(part, x, nets).rank
                )
            assert leaders(scoring, answers, 6, part, nets) == leaders(
                other, answers, 6, part, nets
            )
        elsewhere += any(
            leaders(scoring, answers, 6, x) != leaders(other, answers, 6, x)
            for x in plan.outer
            if x is not part
        )
    # Elsewhere they do, or nothing was asked here.
    assert elsewhere


def test_how_sure_a_network_is_decides_between_equal_ones_only():
    plan, labels, _ = plan_of(5, clips=4)
    scoring = Scoring(plan, labels)

    def of(wrong, sure):
        """Returns answers, wrong for one clip in so many networks."""
        found = {}
        for net in plan.inner:
            mine = np.full((len(net.answers), 3), (1 - sure) / 2, np.float32)
            mine[np.arange(len(mine)), labels[net.answers]] = sure
            found[net.name] = mine
        asked = [net for net in plan.inner if 0 in net.answers]
        for net in asked[:wrong]:
            row = [*net.answers].index(0)
            found[net.name][row] = np.roll(found[net.name][row], 1)
        return [found]

    surer, unsure = (scoring.overall(of(1, sure)) for sure in (0.9, 0.5))
    assert surer.accuracy == unsure.accuracy
    assert surer.rank > unsure.rank
    # One answer more that is right is worth more than being sure.
    right, sure = (scoring.overall(of(*x)) for x in ((0, 0.35), (1, 1.0)))
    assert right.accuracy > sure.accuracy
    assert right.rank > sure.rank


def test_the_best_is_the_first_of_equal_ones():
    assert best({"a": 0.5, "b": 0.7, "c": 0.7}) == "b"


def test_nets_know_what_they_saw():
    net = Net("n", np.array([1, 2]), np.array([0]))
    assert net.saw(np.array([0, 2]))
    assert not net.saw(np.array([0, 3]))
