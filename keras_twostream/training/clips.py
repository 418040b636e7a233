"""The clips of a training run: which, and as which datasets."""

from dataclasses import replace

from keras_twostream.data import clips_dataset
from keras_twostream.data.choosing import (
    chosen_clips,
    part_of,
    prepared_in,
    splits_of,
    without_skipped,
)
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.models.table import get_spec
from keras_twostream.training.devices import divisor_of


def survey(directory, recipe):
    """Returns the classes of the clips, and the recipe that fits them.

    Args:
        directory: Folder of the clips, or a prepared set.
        recipe: `Recipe`; one that says nothing of the flow gets that of the
            prepared set.

    Raises:
        ValueError: If there is one class only.
    """
    names = check_classes(chosen_clips(directory), directory)
    prepared = prepared_in(directory)
    if prepared and recipe.flow == FlowSpec():
        recipe = replace(recipe, flow=prepared.flow)
    return names, recipe


def check_classes(clips, directory):
    """Returns the classes of clips.

    Args:
        clips: List or prepared set.
        directory: What to call it.

    Raises:
        ValueError: If there is one class only.
    """
    names = listed(clips).class_names
    if len(names) < 2:
        only = f"one class only ({names[0]})" if names else "no classes"
        raise ValueError(
            f"{directory} has clips of {only}; there must be two or more to "
            "tell apart"
        )
    return names


def listed(clips):
    """Returns the `Clips` of a list or of a prepared set."""
    return getattr(clips, "clips", clips)


def parts_of(directory, recipe):
    """Returns the clips to learn from, and those that are held back.

    Args:
        directory: Folder of the clips, or a prepared set, whose splits are
            respected.
        recipe: `Recipe`, which says how many are held back.

    Returns:
        A pair of lists or prepared sets; the second is `None` if nothing is
        held back.
    """
    splits = splits_of(directory)
    whole = chosen_clips(
        directory, split="train" if "train" in splits else None
    )
    if "validation" in splits:
        return whole, chosen_clips(directory, split="validation")
    if not recipe.validation_split:
        return whole, None
    share, seed = recipe.validation_split, recipe.seed
    # What is no clip at all is reported once.
    return (
        part_of(whole, share, "training", seed),
        part_of(without_skipped(whole), share, "validation", seed),
    )


def dataset_of(clips, recipe, fed, options, part, **changes):
    """Returns clips as a dataset for a network.

    Args:
        clips: List or prepared set.
        recipe: `Recipe` without stages.
        fed: `models.record.Record` of the network, which says what it is fed
            with (sizes, streams).
        options: `options.Options`.
        part: What the clips are for: "training" has them augmented and in
            another order in each epoch.
        **changes: Arguments of `data.clips_dataset` that differ.
    """
    learns = part == "training"
    settings = {
        "batch_size": recipe.batch_size,
        "image_size": fed.image_size,
        "shuffle": learns,
        "augment": learns,
        "seed": recipe.seed,
        "flow": recipe.flow,
        "crop": recipe.crop,
        "flow_frames": recipe.flow_frames or get_spec(recipe.model).flow_frames,
        "frames": fed.frames,
        "streams": fed.streams,
        "sampling": recipe.sampling,
        "tau": recipe.tau,
        "short": recipe.short,
        "divisible_by": divisor_of(options.devices),
        "cache_dir": options.cache_dir,
        "workers": options.workers,
        "verbose": options.progress,
        "subset": part,
    }
    return clips_dataset(clips, **(settings | changes))


def starting_at(dataset, step, repeat=False):
    """Returns the batches from a step on, of a dataset or of features."""
    feed = replace(dataset.feed, start=step, repeat=repeat)
    batches = feed.dataset()
    batches.feed = feed
    return batches
