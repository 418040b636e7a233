"""What `model_speed.py` says about its figures."""

import importlib.metadata
import os
import platform
import statistics

from speed_rivals import CUBE

LIBRARIES = ("keras_twostream", "keras", "tensorflow", "jax", "torch", "numpy")


def environment():
    """Returns versions of the libraries, and the machine."""
    versions = {}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            versions[name] = None
    return {
        "versions": versions,
        "python": platform.python_version(),
        "system": platform.platform(),
        "processor": platform.machine(),
        "cores": os.cpu_count(),
    }


def report(results, rivals):
    """Prints a table for each task.

    Args:
        results: Rival -> what `model_speed.measure` found.
        rivals: Rival -> `Rival`.
    """
    operations = next(iter(results.values()))["facts"].get("flops", {})
    for task in ("inference", "training"):
        print(
            f"{task}: best seconds; share of peak; time of it / of what it "
            "is beside; peak GiB (difference)"
        )
        for name, found in results.items():
            if "error" in found:
                print(f"  {name:20s} failed: {found['error']}")
            elif "tasks" in found:
                values = summary(found["tasks"][task], operations.get(task))
                # What a frozen or a half-precise network does is less.
                plain = rivals[name].policy == "float32"
                whole = plain and not rivals[name].frozen
                print(_line(name, values, rivals[name].against, whole))


def summary(found, operations):
    """Returns the figures of one comparison, as they are told."""
    seconds, peak = found["seconds"], found["peak"]
    pairs = zip(seconds["rival"], seconds["reference"], strict=True)
    speeds = [2 * CUBE**3 / product for product in found["product"]]
    shares = {
        key: [
            (operations or 0) / (time * speed)
            for time, speed in zip(times, speeds, strict=True)
        ]
        for key, times in seconds.items()
    }
    return {
        "seconds": {key: min(times) for key, times in seconds.items()},
        "shares": shares,
        "ratios": [rival / reference for rival, reference in pairs],
        "peak": peak["rival"],
        "difference": peak["rival"] - peak["reference"],
    }


def _line(name, values, against, whole):
    gib = 2**30
    share, other = (
        statistics.median(values["shares"][key])
        for key in ("rival", "reference")
    )
    shares = f"{share:.2f} : {other:.2f}" if whole and share else ""
    times = values["seconds"]
    return (
        f"  {name:20s} {times['rival']:7.3f} : {times['reference']:7.3f}   "
        f"{shares:11s}   {spread(values['ratios']):20s}   "
        f"{values['peak'] / gib:5.2f} ({values['difference'] / gib:+.2f})  "
        f"beside {against}"
    )


def spread(values):
    """Returns the median, the least and the largest as text."""
    median = statistics.median(values)
    return f"{median:.2f} ({min(values):.2f} to {max(values):.2f})"
