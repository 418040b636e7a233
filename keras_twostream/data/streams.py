"""Step numbers -> clips -> bytes -> samples -> batches."""

import tensorflow as tf

from keras_twostream.data.steps import Steps

# AutoGraph would rewrite every function on the way, which takes longer than
# all else that makes a dataset, and finds nothing to do.
_AS_IT_IS = tf.autograph.experimental.do_not_convert


def stream_of(reader, labels, numbers, spec, steps: Steps, batched: bool):
    """Returns a function of a dataset of step numbers -> dataset of batches.

    Args:
        reader: `OnDisk` or `InMemory`.
        labels: Array with a row for each clip, or `None`.
        numbers: Number of each clip, on which alone the chance in its
            samples depends, whatever shard or order it is in.
        spec: The `SampleSpec`.
        steps: Which samples are in which batch.
        batched: Whether samples are put into batches.
    """
    with tf.device("CPU"):
        places = tf.constant(list(numbers), tf.int64)
        answers = () if labels is None else (tf.constant(labels),)

    @_AS_IT_IS
    def load(epoch, index, first, last):
        answer = [values[index] for values in answers]
        return epoch, places[index], first, last, reader.load(index), *answer

    @_AS_IT_IS
    def views(epoch, place, first, last, *clip):
        return tf.data.Dataset.range(first, last).map(
            lambda view: (epoch, place, view, view, *clip)
        )

    @_AS_IT_IS
    def sample(epoch, place, view, _, clip, *answer):
        chance = steps.chance_of(epoch, place * steps.views + view)
        inputs = spec(reader.open(clip), view, chance)
        return (inputs, *answer) if answer else inputs

    def stream(step_numbers):
        clips = step_numbers.flat_map(_AS_IT_IS(steps.clips_of))
        samples = clips.map(load, tf.data.AUTOTUNE)
        if steps.views > 1:
            samples = samples.flat_map(views)
        samples = samples.map(sample, tf.data.AUTOTUNE)
        if not batched:
            return samples
        return samples.batch(steps.batch_size, steps.drop_remainder)

    return stream
