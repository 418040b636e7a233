"""The demo's clips: the procedural set as datasets, and one clip more."""

from keras_twostream.data import CropSpec, clips_dataset, list_clips
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.video.synthetic import (
    CODEC,
    FPS,
    REGISTRATION_CLASSES,
    SPLITS,
    clip_scene,
    render,
    write_dataset,
)
from keras_twostream.video.writer import write_video

SIZE = 64
# Clips of each class, by split.
CLIPS = {"train": 150, "validation": 20, "test": 70}
# Squares of a few pixels leave nothing to spare.
FLOW = FlowSpec(algorithm="dis_fast", bound=4.0, short_side=SIZE, shrink=1)
# The whole picture as it is: a flip would turn left into right, and so change
# the class.
CROP = CropSpec(scales=(1.0,), center=1.0, flip=False)
BATCH_SIZE = 16


def demo_datasets(directory, seed, counts):
    """Renders the splits and returns each as a dataset."""
    sets = {}
    for split in SPLITS:
        folder = directory / "clips" / split
        write_dataset(folder, counts[split], seed=seed, split=split)
        sets[split] = clips_dataset(
            list_clips(folder, group=None),
            batch_size=BATCH_SIZE,
            image_size=(SIZE, SIZE),
            augment=split == "train",
            crop=CROP,
            flow=FLOW,
            shuffle=split == "train",
            seed=seed,
            cache_dir=directory / "prepared",
            cache=True,
        )
    return sets


def fresh_clip(directory, seed):
    """Writes a clip that no split holds and returns its path."""
    name = REGISTRATION_CLASSES[seed % len(REGISTRATION_CLASSES)]
    scene = clip_scene(name, max(CLIPS.values()), seed=seed, split="test")
    path = directory / f"fresh_{name}.mp4"
    write_video(path, render(scene)[0], FPS, CODEC)
    return path
