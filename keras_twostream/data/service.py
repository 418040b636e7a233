"""Batches made by other processes, here or on other machines."""

import warnings

import tensorflow as tf

from keras_twostream.data.feeds import ATTRIBUTES


def distribute(
    dataset,
    address: str,
    *,
    compression: str | None = "AUTO",
    job_name: str | None = None,
):
    """Lets the workers of a `tf.data` service make the batches of a dataset.

    The service is TensorFlow's: a dispatcher
    (`tf.data.experimental.service.DispatchServer`) at the address, and
    workers (`WorkerServer`) to which it hands out the numbers of batches. In
    every epoch each batch of the dataset comes exactly once, in the order in
    which they are ready, unless a worker dies. All workers must find the
    clips under the same paths.

    Args:
        dataset: What `clips_dataset` or `video_dataset_from_directory`
            returned, as it is and without `cache`.
        address: Of the dispatcher: "host:port", or "protocol://host:port".
        compression: "AUTO" or "SNAPPY" to compress what is sent, `None` not
            to: on one machine that is faster.
        job_name: Name under which several processes share the batches of a
            dataset with `repeat=True`; by default each gets all.

    Returns:
        A `tf.data.Dataset` with the same batches and attributes.

    Raises:
        ValueError: If the dataset is another one.
    """
    feed = getattr(dataset, "feed", None)
    if feed is None or not feed.portable:
        what = "one with `cache=True`" if feed else repr(dataset)
        raise ValueError(
            "`dataset` must be what `clips_dataset` returned, with nothing "
            "behind it and without `cache`: its clips are read by the "
            f"workers. Received: {what}"
        )
    service = tf.data.experimental.service
    transform = service.distribute(
        service.ShardingPolicy.DYNAMIC,
        address if "://" in address else f"grpc://{address}",
        job_name=job_name,
        compression=compression,
    )

    @tf.autograph.experimental.do_not_convert
    def through(batches):
        with warnings.catch_warnings():
            # That options may not be known in a graph: there are none.
            warnings.filterwarnings("ignore", "To make it possible to preserve")
            return batches.apply(transform)

    batches = feed.dataset(through)
    for name in ATTRIBUTES:
        setattr(batches, name, getattr(dataset, name))
    return batches
