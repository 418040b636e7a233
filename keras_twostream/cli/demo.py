"""The verb `demo`."""

from keras_twostream.cli.output import import_keras


def demo(directory, seed):
    """See a fused network learn what neither stream can learn alone."""
    import_keras()
    from keras_twostream.demo import run_demo

    run_demo(directory, seed=seed)


def _arguments(verb):
    verb.add_argument(
        "directory", nargs="?", default="runs/demo", help="folder to write to"
    )
    verb.add_argument("--seed", type=int, default=0)


VERBS = {"demo": (demo, _arguments)}
