"""The verb `demo`."""

from keras_twostream.cli.output import import_keras, percent, print_table


def demo(directory, seed):
    """See a fused network learn what neither stream can learn alone."""
    import_keras()
    from keras_twostream.demo.run import NETWORKS, run_demo

    found = run_demo(directory, seed=seed)
    rows = [
        (
            NETWORKS[row.network],
            percent(row.overall),
            percent(row.what_how),
            percent(row.registration),
        )
        for row in found.results
    ]
    columns = ("network", "all classes", "what x how", "registration")
    print_table(
        columns, rows, "Test clips right (chance in registration: 50 %)"
    )
    best = found.answer[0]
    print(f"{found.clip}: {best['label']} ({percent(best['score'])})")
    print(f"Picture: {found.picture}   ({found.seconds:.0f} s in all)")
    print("Try the trained network:")
    print(
        f"  keras-twostream predict {found.clip} --model {directory}/conv_relu5"
    )


def _arguments(verb):
    verb.add_argument(
        "directory", nargs="?", default="runs/demo", help="folder to write to"
    )
    verb.add_argument(
        "--seed", type=int, default=0, help="of clips and networks"
    )


VERBS = {"demo": (demo, _arguments)}
