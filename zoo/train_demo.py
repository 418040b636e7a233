"""Trains and publishes the network of the procedural set.

It is the fused network of `keras-twostream demo`, on the seed that is told.

Run it: python zoo/train_demo.py [--seed 0] [--publish ZOO]
"""

import argparse
import json
import tempfile
from pathlib import Path

import keras_twostream
from keras_twostream.demo.run import RESULT, run_demo
from keras_twostream.weights import Metric
from keras_twostream.zoo import publish

NAME, NETWORK = "conv_relu5.demo", "conv_relu5"
TOLD = {
    "description": "Which of two things moves which way, in the procedural "
    "clips of `keras-twostream demo`: conv fusion of two tiny VGG networks.",
    "limits": "Trying the library: nothing but the drawn clips of its demo.",
    "licence": "Apache-2.0",
    "citation": "This project.",
}


def main(seed, zoo):
    """Runs the demo and publishes its fused network."""
    with tempfile.TemporaryDirectory() as folder:
        found = run_demo(folder, seed=seed)
        clips = json.loads((Path(folder) / RESULT).read_text("utf-8"))
        model = keras_twostream.load(Path(folder) / NETWORK)
    row = next(row for row in clips["test"] if row["network"] == NETWORK)
    metric = Metric(
        dataset="the procedural set",
        protocol="test clips with seeds of their own, the middle of each",
        value=round(100 * row["overall"], 2),
    )
    entry = publish(
        model,
        NAME,
        zoo,
        overwrite=True,
        metrics=(metric,),
        training={
            "recipe": f"python zoo/train_demo.py --seed {seed}",
            "time": f"{found.seconds / 60:.0f} minutes on two CPU cores",
        },
        **TOLD,
    )
    print(f"{entry.name}: {entry.file.bytes:,} bytes in {zoo}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--publish", dest="zoo", metavar="ZOO", default="zoo/entries"
    )
    main(**vars(parser.parse_args()))
