"""What can be wrong with a clip by itself."""

from keras_twostream.doctor.kinds import (
    ERROR,
    NOTE,
    PREPARE,
    REENCODE,
    WARNING,
    Kind,
)

# Name -> what it means, in the order of a report.
CLIP_KINDS: dict[str, Kind] = {
    "missing": Kind(
        ERROR,
        "Listed, but not there: {clips}.",
        "Restore the files, or give the folder from which the paths of the "
        "list start.",
    ),
    "empty": Kind(
        ERROR,
        "Files of zero bytes: {clips}.",
        "Fetch them again, or delete them: "
        "`find {root} -type f -size 0 -delete`",
    ),
    "no_video": Kind(
        ERROR,
        "Sound without a picture: {clips}.",
        "Fetch them again with their video, or delete them: `rm {file}`",
    ),
    "unreadable": Kind(
        ERROR,
        "Cannot be decoded to the end: {clips}.",
        "Fetch them again. To save what is left of one: "
        "`ffmpeg -err_detect ignore_err -i {file} -c:v libx264 {fixed}`",
    ),
    "truncated": Kind(
        ERROR,
        "End before the last frame that their headers promise: {clips}.",
        "Fetch them again: a download or a copy stopped. To accept what is "
        "there: `" + REENCODE + "`",
    ),
    "numbering": Kind(
        ERROR,
        "Numbers are missing among the images: {clips}.",
        "Extract these clips again: `" + PREPARE + "`",
    ),
    "flow_length": Kind(
        ERROR,
        "The number of flow fields does not fit the number of frames: {clips}.",
        "Extract frames and flow of these clips again, both from one decoder: "
        "`" + PREPARE + "`",
    ),
    "flow_dead": Kind(
        ERROR,
        "The stored flow says that nothing moves, but the frames move: "
        "{clips}.",
        "Compute the flow of these clips again: `" + PREPARE + "`",
    ),
    "flow_swapped": Kind(
        ERROR,
        "The two components of flow are exchanged, by how well they carry one "
        "frame onto the other: {clips}.",
        "Exchange the two names (folders u and v, or flow_x and flow_y), or "
        "compute the flow again: `" + PREPARE + "`",
    ),
    "flow_sign": Kind(
        ERROR,
        "Flow has the wrong sign, by how well it carries one frame onto the "
        "other: {clips}.",
        "Negate the components named here (store 256 - byte), or compute the "
        "flow again from each frame to the next: `" + PREPARE + "`",
    ),
    "flow_range": Kind(
        ERROR,
        "Where nothing moves the stored flow has the level {found:g} instead "
        "of {zero:g}: {why} ({clips}).",
        "{remedy}",
    ),
    "flow_saturated": Kind(
        WARNING,
        "More than {share:.0%} of the flow vectors are at the bound: {clips}.",
        "Store flow with a larger bound: `" + PREPARE + " --bound {bound:g}`",
    ),
    "frame_count": Kind(
        WARNING,
        "Headers count other frames than decoding gives: {clips}.",
        "Count by decoding, as `prepare` does. For other tools, write the file "
        "anew: `" + REENCODE + "`",
    ),
    "wrong_extension": Kind(
        WARNING,
        "The contents are not what the suffix says: {clips}.",
        "Rename them: `mv {file} {renamed}`",
    ),
    "variable_rate": Kind(
        WARNING,
        "Frames are not evenly spaced in time, so equal steps are not equal "
        "times: {clips}.",
        "`ffmpeg -i {file} -vf fps={rate:g} -c:v libx264 -crf 18 {fixed}`",
    ),
    "rotated": Kind(
        WARNING,
        "Are turned by a note in the file, which some tools overlook: {clips}.",
        "Turn the frames themselves: `" + REENCODE + "`",
    ),
    "too_short": Kind(
        WARNING,
        "Have fewer frames than a sample needs ({least}), so flow is repeated: "
        "{clips}.",
        "Use shorter stacks: `keras-twostream train {root} --flow-frames "
        "{fewer}`, or leave these clips out.",
    ),
    "too_long": Kind(
        NOTE,
        "Last longer than {seconds:g} s, so a sample may miss what the label "
        "says: {clips}.",
        "Cut out the action: `ffmpeg -ss START -to END -i {file} {fixed}`",
    ),
}
