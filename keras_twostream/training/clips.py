"""The clips of a training run: which, and as which datasets."""

from dataclasses import replace

from keras_twostream.data import list_clips, video_dataset_from_directory
from keras_twostream.data.choosing import prepared_in, splits_of
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.models.table import get_spec


def survey(directory, recipe):
    """Returns the classes of the clips, and the recipe that fits them.

    Args:
        directory: Folder of the clips, or a prepared set.
        recipe: `Recipe`; one that says nothing of the flow gets that of the
            prepared set.

    Raises:
        ValueError: If there is one class only.
    """
    if prepared := prepared_in(directory):
        names = prepared.manifest.class_names
        if recipe.flow == FlowSpec():
            recipe = replace(recipe, flow=prepared.flow)
    else:
        names = list_clips(directory).class_names
    if len(names) < 2:
        only = f"one class only ({names[0]})" if names else "no classes"
        raise ValueError(
            f"{directory} has clips of {only}; there must be two or more to "
            "tell apart"
        )
    return names, recipe


def datasets_of(
    directory, recipe, fed, cache_dir, workers, verbose="auto", shuffle=True
):
    """Returns the training and the validation clips as datasets.

    What the network is fed with (sizes, streams) is what its record says.

    Args:
        directory: Folder of the clips, or a prepared set.
        recipe: `Recipe` without stages.
        fed: `models.record.Record` of the network.
        cache_dir: As for `train`.
        workers: As for `train`.
        verbose: Whether to say what was found.
        shuffle: Whether training clips come in another order in each epoch.

    Returns:
        A pair of datasets; the second is `None` if nothing is held back.
    """
    splits = splits_of(directory)
    both = {
        "batch_size": recipe.batch_size,
        "image_size": fed.image_size,
        "seed": recipe.seed,
        "split": "train" if "train" in splits else None,
        "flow": recipe.flow,
        "crop": recipe.crop,
        "flow_frames": recipe.flow_frames or get_spec(recipe.model).flow_frames,
        "frames": fed.frames,
        "streams": fed.streams,
        "sampling": recipe.sampling,
        "tau": recipe.tau,
        "short": recipe.short,
        "cache_dir": cache_dir,
        "workers": workers,
        "verbose": verbose,
        "shuffle": shuffle,
    }
    given = "validation" in splits
    if recipe.validation_split and not given:
        return video_dataset_from_directory(
            directory,
            validation_split=recipe.validation_split,
            subset="both",
            **both,
        )
    training = video_dataset_from_directory(directory, augment=True, **both)
    if not given:
        return training, None
    both |= {"split": "validation", "shuffle": False}
    return training, video_dataset_from_directory(directory, **both)
