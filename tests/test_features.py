"""What is computed once is what would be computed every time."""

import dataclasses

import numpy as np
import pytest
from networks import inputs_for, tiny

from keras_twostream import training
from keras_twostream.data import list_clips
from keras_twostream.data.crop import CropSpec
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.models.cutting import split_fixed
from keras_twostream.training import Features, freeze
from keras_twostream.training.crossing import Crossing
from keras_twostream.training.fitting import Stage
from keras_twostream.training.folds import folds_of
from keras_twostream.training.options import Options
from keras_twostream.video.synthetic import write_dataset

RECIPE = training.Recipe(
    backbone="vgg_tiny",
    batch_size=4,
    epochs=3,
    learning_rate=1e-3,
    image_size=(32, 32),
    flow_frames=2,
    validation_split=0.0,
    freeze="fusion",
    flow=FlowSpec(short_side=32, algorithm="dis_ultrafast"),
    crop=CropSpec(scales=(1.0, 0.7)),
)


@pytest.fixture(scope="module")
def clips(tmp_path_factory):
    return list_clips(write_dataset(tmp_path_factory.mktemp("clips"), 2))


def stage(clips, cache, folder, at=(), **changes):
    recipe = dataclasses.replace(RECIPE, **changes)
    options = Options(cache_dir=str(cache), workers=1, verbose=0)
    names = clips.class_names
    return Stage((clips, None), recipe, folder, names, {}, options, at)


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("conv_relu5", {}),
        ("max_relu5", {"frames": 3}),
        ("conv3d_relu5_pool3d_plus", {}),
        ("sum_softmax", {}),
        ("spatial", {}),
    ],
)
def test_parts_at_what_learns_are_the_whole(name, options):
    model = tiny(name, **options)
    freeze(model, "relu4")
    below, above = split_fixed(model)
    assert not below.trainable_variables
    assert {v.path for v in above.trainable_variables} == {
        v.path for v in model.trainable_variables
    }
    inputs = inputs_for(model)
    found = above.predict(below.predict(inputs, verbose=0), verbose=0)
    expected = model.predict(inputs, verbose=0)
    parts = expected if isinstance(expected, dict) else {"": expected}
    found = found if isinstance(found, dict) else {"": found}
    for output, scores in parts.items():
        np.testing.assert_allclose(found[output], scores, atol=1e-6)


def test_the_cut_is_as_late_as_possible():
    """Pooling above frozen layers changes nothing, and its maps are small."""
    model = tiny("sum_relu5")
    freeze(model, "relu5")
    below, _ = split_fixed(model)
    (shape,) = [x.shape for x in below.output.values()]
    assert len(shape) == 2


def test_chance_is_never_computed_once():
    model = tiny("conv_relu5", stream_dropout=0.5, dropout=0.5)
    freeze(model, "relu5")
    below, above = split_fixed(model)
    assert not [v for v in below.variables if "seed" in v.path]
    assert [v for v in above.variables if "seed" in v.path]


def test_nothing_that_learns_is_an_error():
    model = tiny("spatial")
    model.trainable = False
    with pytest.raises(ValueError, match="all is frozen"):
        split_fixed(model)


def test_training_on_maps_is_training_from_end_to_end(clips, cache, tmp_path):
    """As many draws as epochs: the same samples in the same order."""
    whole = stage(clips, cache, tmp_path / "a").train()
    above = stage(clips, cache, tmp_path / "b", draws=3).train()
    moved = 0.0
    start = stage(clips, cache, tmp_path / "c").model
    for ours, theirs, before in zip(
        above.weights, whole.weights, start.weights, strict=True
    ):
        np.testing.assert_allclose(ours, theirs, atol=1e-5, err_msg=ours.path)
        moved += float(np.abs(np.array(theirs) - np.array(before)).sum())
    assert moved > 1


def test_maps_are_those_of_the_samples_and_kept(clips, cache, tmp_path):
    ready = stage(clips, cache, tmp_path, draws=2)
    ordered = ready.dataset(clips, "training", shuffle=False)
    maps = Features(ready.below, ordered, 2, tmp_path / "maps")
    for draw in range(2):
        start = 0
        for inputs, _ in ordered:
            expected = ready.below.predict_on_batch(inputs)
            numbers = list(range(start, start + len(inputs["rgb"])))
            for name, rows in maps[draw, numbers].items():
                np.testing.assert_allclose(rows, expected[name], atol=1e-6)
            start += len(numbers)
    files = sorted((tmp_path / "maps").rglob("*.npy"))
    times = [path.stat().st_mtime_ns for path in files]
    again = Features(ready.below, ordered, 2, tmp_path / "maps")
    assert [path.stat().st_mtime_ns for path in files] == times
    np.testing.assert_array_equal(
        *(next(iter(x[1, [3]].values())) for x in (maps, again))
    )
    # More draws cost only those.
    Features(ready.below, ordered, 3, tmp_path / "maps")
    assert [path.stat().st_mtime_ns for path in files] == times


def test_other_weights_samples_and_clips_have_other_maps(
    clips, cache, tmp_path
):
    def folder(ready, **changes):
        dataset = ready.dataset(clips, "training", shuffle=False, **changes)
        return Features(ready.below, dataset, 1, tmp_path).folder

    ready = stage(clips, cache, tmp_path, draws=1)
    first = folder(ready)
    assert folder(ready) == first
    assert folder(stage(clips, cache, tmp_path, draws=1)) == first
    others = [
        folder(ready, seed=1),
        folder(ready, augment=False),
        folder(ready, crop=CropSpec(flip=False)),
        folder(stage(clips, cache, tmp_path, draws=1, freeze="relu4")),
    ]
    fewer = clips.take(range(len(clips) - 1))
    others.append(
        Features(
            ready.below,
            ready.dataset(fewer, "training", shuffle=False),
            1,
            tmp_path,
        ).folder
    )
    bias = ready.below.get_layer("rgb_conv1").bias
    bias.assign(bias + 1)
    others.append(folder(ready))
    assert len({first, *others}) == len(others) + 1


def test_folds_keep_groups_and_hold_back_each_clip_once():
    labels = np.tile(np.arange(3), 20)
    groups = [f"g{i // 3}" for i in range(60)]
    assert len(np.unique(folds_of(labels, groups, folds=20))) == 20
    folds = folds_of(labels, groups, folds=5)
    for name in {*groups}:
        assert len({*folds[np.array(groups) == name]}) == 1
    assert np.bincount(folds).tolist() == [12] * 5
    assert len(np.unique(folds_of(labels, None, folds=4))) == 4
    # Two clips of each class: one to learn from, one to ask.
    assert len(np.unique(folds_of(np.repeat(np.arange(9), 2), None))) == 2
    with pytest.raises(ValueError, match="two groups"):
        folds_of(labels, ["one"] * 60)
    with pytest.raises(ValueError, match="one clip of each class"):
        folds_of(np.arange(20), None)


def test_folds_never_see_what_they_answer_for(clips, cache, tmp_path):
    """Labels by chance cannot be told for clips that were not learnt from."""
    ready = stage(clips, cache, tmp_path, draws=1, epochs=2)
    crossing = Crossing(ready, "quick")
    seen = []
    batches = crossing.learnt.batches

    def spy(source, steps, numbers, names, **more):
        seen.append({*numbers.tolist()})
        return batches(source, steps, numbers, names, **more)

    crossing.learnt.batches = spy
    folds = folds_of(ready.training.labels, None, 2)
    result = crossing.validate(folds, verbose=False)
    assert len(result) == len(clips)
    assert "2 folds" in str(result.protocol)
    for fold, used in enumerate(seen):
        assert used == {*np.flatnonzero(folds != fold).tolist()}
    again = crossing.validate(folds, verbose=False)
    np.testing.assert_allclose(again.scores, result.scores, atol=1e-6)


def test_folds_need_frozen_layers(clips, cache, tmp_path):
    with pytest.raises(ValueError, match="`freeze` and `draws`"):
        Crossing(stage(clips, cache, tmp_path))


def test_streams_alone_share_the_maps_of_both(clips, cache, tmp_path):
    both = Crossing(stage(clips, cache, tmp_path, draws=1), "quick")
    alone = {"model": "temporal", "freeze": "relu5", "draws": 1}
    both.stage.model.save(tmp_path / "both.keras")
    alone |= {"at": both.names, "weights": str(tmp_path / "both.keras")}
    shared = Crossing(
        stage(clips, cache, tmp_path, **alone), "quick", both.below
    )
    assert shared.below is both.below
    assert len(shared.names) < len(both.names)
    own = Crossing(stage(clips, cache, tmp_path, **alone), "quick")
    folds = folds_of(own.stage.training.labels, None, 2)
    results = [x.validate(folds, verbose=False) for x in (shared, own)]
    np.testing.assert_allclose(results[0].scores, results[1].scores, atol=1e-5)
    other = stage(clips, cache, tmp_path, crop=CropSpec(), **alone)
    assert not both.has(other, both.protocol)
    other = stage(clips, cache, tmp_path, seed=1, **alone)
    assert not both.has(other, both.protocol)
