"""Time and peak memory of our networks beside the same ones in PyTorch.

Inference and one training step, each rival in a process of its own. Of two
that are compared the processes take turns, step by step; what counts is the
ratio of their times, with its spread. Peak memory is the most that the process
holds in a warm step of a task, libraries and weights included (on Linux VmHWM,
set back before the step; elsewhere `ru_maxrss`, which never falls); inference
comes first. The share of the machine's peak is that of a 4096-cube float32
product, the better one of both processes in the same round.

Run it: python benchmarks/model_speed.py [--model conv3d_relu5_pool3d_plus]
"""

import argparse
import json
import sys
from pathlib import Path

from speed_process import Process
from speed_report import environment, report
from speed_rivals import NETWORKS, OURS, QUICK

TASKS = ("inference", "training")
# Seconds of a step above which one round must do.
PATIENCE = 60


def compare(reference, rival, rounds):
    """Returns task -> seconds and peak memory of two processes, in turns."""
    return {task: _take_turns(task, reference, rival, rounds) for task in TASKS}


def _take_turns(task, reference, rival, rounds):
    both = {"reference": reference, "rival": rival}
    found = {"seconds": {key: [] for key in both}, "product": []}
    warm = {key: process.warm(task) for key, process in both.items()}
    slow = max(step["seconds"] for step in warm.values()) > PATIENCE
    for _ in range(1 if slow else rounds):
        for key, process in both.items():
            found["seconds"][key].append(process.run(task)["seconds"])
        products = [process.run("matmul") for process in both.values()]
        found["product"].append(min(step["seconds"] for step in products))
    return found | {"peak": {key: step["peak"] for key, step in warm.items()}}


def measure(model, names, rounds, size, batch_size):
    """Returns rival -> facts and times, or the error that it ended with."""
    rivals, results = NETWORKS[model].rivals, {}
    for against in dict.fromkeys(rivals[name].against for name in names):
        others = [n for n in names if rivals[n].against == against]
        others = [name for name in others if name != against]
        with Process(model, against, size, batch_size) as reference:
            results.setdefault(against, {"facts": reference.facts})
            for name in others:
                print(f"  {name} beside {against} ...", file=sys.stderr)
                results[name] = _beside(
                    reference, (model, name, size, batch_size), rounds
                )
    return results


def _beside(reference, rival, rounds):
    """Returns what was found of one rival, or its error."""
    try:
        with Process(*rival) as process:
            tasks = compare(reference, process, rounds)
            return {"facts": process.facts, "tasks": tasks}
    except RuntimeError as error:
        return {"error": str(error)}


def main(model, rivals, rounds, size, batch_size, output, quick):
    """Measures the networks, prints what was found and writes it as JSON."""
    found = {"environment": environment(), "networks": {}}
    for name in NETWORKS if model == "all" else [model]:
        network = NETWORKS[name]
        known = [r for r in network.rivals if not quick or r in QUICK]
        names = [r for r in known if not rivals or r in (OURS, *rivals)]
        count = batch_size or network.batch_size
        results = measure(name, names, rounds, size, count)
        print(f"\n{name}: {network.title}; {count} clips of {size}x{size}")
        report(results, network.rivals)
        found["networks"][name] = {
            "batch_size": count,
            "size": size,
            "rivals": results,
        }
        if output:
            Path(output).write_text(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--model", choices=[*NETWORKS, "all"], default="all")
    parser.add_argument(
        "--rival",
        action="append",
        dest="rivals",
        help="only this one, besides ours; may be given several times",
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--size", type=int, default=224, help="pixels a side")
    parser.add_argument("--batch-size", type=int, help="clips per step")
    parser.add_argument("--output", help="JSON file to write")
    parser.add_argument(
        "--quick", action="store_true", help="only ours and eager PyTorch"
    )
    main(**vars(parser.parse_args()))
