"""Times `conv_relu5` on VGG-M-2048 beside the same network in PyTorch.

Inference and one training step of a batch of 224x224 clips, all contestants in
turns within one process, and the share of the machine's matrix-multiply peak:
the better of TensorFlow's and PyTorch's 4096-cube float32 product, measured in
the same rounds.

Run it: python benchmarks/model_speed.py [--rounds 5] [--output speed.json]
"""

import argparse
import json
import os
import statistics
import time
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf
import torch
from torch_twin import ConvRelu5

import keras_twostream
from keras_twostream.models.info import multiply_adds

CUBE = 4096
SIZE, FLOW_CHANNELS, CLASSES = 224, 20, 101
# Setting of ours -> (jit_compile, dtype policy); the first is the default.
SETTINGS = {
    "keras_twostream": (False, "float32"),
    "keras_twostream, XLA": (True, "float32"),
    "keras_twostream, bfloat16": (False, "mixed_bfloat16"),
}
OURS = next(iter(SETTINGS))


def our_steps(batch, jit, policy):
    """Returns functions of one inference and one training step of ours."""
    keras.config.set_dtype_policy(policy)
    model = keras_twostream.build("conv_relu5", num_classes=CLASSES)
    keras.config.set_dtype_policy("float32")
    model.compile(
        optimizer=keras.optimizers.SGD(1e-4, momentum=0.9),
        loss="sparse_categorical_crossentropy",
        jit_compile=jit,
    )
    rgb, flow, labels = batch
    inputs = {"rgb": rgb, "flow": flow}
    return (
        lambda: model.predict_on_batch(inputs),
        lambda: model.train_on_batch(inputs, labels),
    )


def torch_steps(batch, compiled):
    """Returns functions of one inference and one training step in PyTorch."""
    layout = torch.channels_last
    model = ConvRelu5(CLASSES, FLOW_CHANNELS).to(memory_format=layout)
    rgb, flow = (
        torch.from_numpy(x.transpose(0, 3, 1, 2)).contiguous(
            memory_format=layout
        )
        for x in batch[:2]
    )
    labels = torch.from_numpy(batch[2]).long()
    optimizer = torch.optim.SGD(model.parameters(), 1e-4, momentum=0.9)
    network = torch.compile(model) if compiled else model

    def infer():
        model.eval()
        with torch.inference_mode():
            return torch.softmax(network(rgb, flow), -1).numpy()

    def train():
        model.train()
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(network(rgb, flow), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return infer, train


def peaks():
    """Returns functions of a large product, by library."""
    a = np.random.default_rng(0).normal(size=(CUBE, CUBE)).astype("float32")
    ours, theirs = tf.constant(a), torch.from_numpy(a)
    product = tf.function(lambda: tf.matmul(ours, ours))
    return {
        "matmul, TensorFlow": lambda: product().numpy(),
        "matmul, PyTorch": lambda: theirs @ theirs,
    }


def measure(steps, rounds):
    """Returns name -> seconds of each round, all steps in turns."""
    for name, step in steps.items():
        start = time.perf_counter()
        step()
        step()
        print(f"  {name}: warm in {time.perf_counter() - start:.1f} s")
    seconds = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            start = time.perf_counter()
            step()
            seconds[name].append(time.perf_counter() - start)
    return seconds


def flops(batch_size):
    """Returns the floating-point operations of inference and of training."""
    model = keras_twostream.build("conv_relu5", num_classes=CLASSES)
    forward = 2 * multiply_adds(model) * batch_size
    first = sum(
        model.get_layer(f"{stream}_conv1").kernel.shape.num_elements()
        * np.prod(model.get_layer(f"{stream}_conv1").output.shape[1:3])
        for stream in ("rgb", "flow")
    )
    # Backwards costs twice as much, but nobody asks for the pixels' gradient.
    return {
        "inference": forward,
        "training": 3 * forward - 2 * first * batch_size,
    }


def spread(values):
    """Returns the median, the least and the largest as text."""
    median = statistics.median(values)
    return f"{median:.2f} ({min(values):.2f} to {max(values):.2f})"


def report(task, seconds, operations):
    """Prints one task's table and returns its figures."""
    top = [
        2 * CUBE**3 / min(pair)
        for pair in zip(*(seconds[name] for name in peaks()), strict=True)
    ]
    figures = {}
    print(f"\n{task}: best seconds; share of peak; time of it / ours")
    for name, times in seconds.items():
        if name.startswith("matmul"):
            continue
        shares = [operations / t / p for t, p in zip(times, top, strict=True)]
        ratios = [a / b for a, b in zip(times, seconds[OURS], strict=True)]
        print(
            f"  {name:28s} {min(times):6.3f} s   {spread(shares)}   "
            f"{spread(ratios)}"
        )
        figures[name] = {
            "seconds": times,
            "share_of_peak": shares,
            "times_ours": ratios,
        }
    print(f"  peak: {max(top) / 1e9:.0f} GFLOP/s, float32")
    return figures | {"peak_flops": top}


def main(rounds, batch_size, output, quick):
    """Measures both tasks and prints and writes what was found."""
    torch.set_num_threads(os.cpu_count())
    rng = np.random.default_rng(0)
    batch = (
        rng.uniform(0, 255, (batch_size, SIZE, SIZE, 3)).astype("float32"),
        rng.normal(0, 3, (batch_size, SIZE, SIZE, FLOW_CHANNELS)).astype("f4"),
        rng.integers(0, CLASSES, batch_size).astype("int32"),
    )
    contestants = {
        name: our_steps(batch, *setting)
        for name, setting in SETTINGS.items()
        if name == OURS or not quick
    }
    contestants["PyTorch, eager"] = torch_steps(batch, compiled=False)
    if not quick:
        contestants["PyTorch, compiled"] = torch_steps(batch, compiled=True)
    operations = flops(batch_size)
    results = {}
    for index, task in enumerate(operations):
        steps = {name: pair[index] for name, pair in contestants.items()}
        seconds = measure(steps | peaks(), rounds)
        results[task] = report(task, seconds, operations[task])
    if output:
        Path(output).write_text(json.dumps(results, indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-size", type=int, default=8)
    parser.add_argument("--output", help="JSON file to write")
    parser.add_argument(
        "--quick", action="store_true", help="only the default and eager"
    )
    main(**vars(parser.parse_args()))
