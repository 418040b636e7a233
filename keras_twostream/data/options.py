"""Words that settings of samples can be, without TensorFlow."""

# How the frames of a sample are chosen: one from each of equal parts of the
# clip, or some that follow one another.
SAMPLINGS = ("segments", "dense")
# What is done about clips that are too short for a sample.
SHORT = ("repeat", "loop", "drop", "raise")
# Which crops of a frame are views of their own.
PLACES = ("center", "three", "corners")
