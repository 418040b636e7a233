"""What can be wrong with clips beside one another."""

from keras_twostream.doctor.kinds import (
    ERROR,
    NOTE,
    PREPARE,
    WARNING,
    Kind,
)

# Name -> what it means, in the order of a report.
SET_KINDS: dict[str, Kind] = {
    "group_leakage": Kind(
        ERROR,
        "Groups lie in more than one split, so a test shows what was learnt by "
        "heart: {groups} ({clips}).",
        "Split by group: `keras-twostream train {root} --validation-split 0.2` "
        "never divides one.",
    ),
    "duplicate_splits": Kind(
        ERROR,
        "The same or nearly the same clip lies in more than one split: "
        "{clips}.",
        "Keep each in one split only, and leave the copies out of the list: "
        "`rm {file}`",
    ),
    "duplicate_classes": Kind(
        ERROR,
        "The same or nearly the same clip lies in more than one class: "
        "{clips}.",
        "Keep each in its right class only: `rm {file}`",
    ),
    "duplicate": Kind(
        WARNING,
        "The same file is there more than once: {clips}.",
        "Keep one of each: `rm {file}`",
    ),
    "label_base": Kind(
        WARNING,
        "Labels in the list start at {base}: {clips}.",
        "Start them at 0, which is what a loss of integers expects: "
        "`awk '{{$NF -= {base}; print}}' {file} > {fixed}`",
    ),
    "label_gaps": Kind(
        WARNING,
        "No clip has these labels between the least and the greatest: {gaps}.",
        "Number the classes without gaps, or use names of classes in place of "
        "numbers.",
    ),
    "empty_class": Kind(
        WARNING,
        "Classes without a clip: {names}.",
        "Add clips, leave these classes out, or remove the empty folders: "
        "`find {root} -type d -empty -delete`",
    ),
    "tiny_class": Kind(
        WARNING,
        "Classes with fewer than {least} clips, too few to train and to test: "
        "{names}.",
        "Add clips, merge the classes, or leave them out "
        "(`class_names` of `list_clips`).",
    ),
    "imbalance": Kind(
        WARNING,
        "The largest class has {times:.0f} times as many clips as the "
        "smallest: {largest} against {smallest}.",
        "Give the loss `class_weight`, and report the mean accuracy over "
        "classes.",
    ),
    "mixed_fps": Kind(
        WARNING,
        "Frame rates differ, so vectors of one speed differ in length: "
        "{rates}. Unlike most: {clips}.",
        "Take frames at one rate: `" + PREPARE + " --fps {rate:g}`",
    ),
    "mixed_aspect": Kind(
        WARNING,
        "Pictures differ in shape, so one crop shows different shares of "
        "them: {shapes}. Unlike most: {clips}.",
        "Cut them to one shape, or squash them all: "
        "`keras-twostream train {root} --no-keep-aspect`",
    ),
    "quarantined": Kind(
        WARNING,
        "Were left out when the set was prepared: {clips}.",
        "Repair the sources and prepare again; what is there is kept: "
        "`keras-twostream prepare SRC {root} --retry`",
    ),
    "mixed_sizes": Kind(
        NOTE,
        "Pictures differ in size: {sizes}.",
        "Nothing, unless motion is to be compared in pixels: `prepare` brings "
        "the shorter side to one length.",
    ),
    "passed_over": Kind(
        NOTE,
        "Are no clips and are passed over: {clips}.",
        "Nothing, or move them out of the class folders.",
    ),
}
