"""The verb `prepare`."""

import time

from keras_twostream.cli.flags import field_arguments, filled
from keras_twostream.cli.models import _json_argument
from keras_twostream.cli.output import print_json, print_table
from keras_twostream.flow.spec import FlowSpec, is_import_path
from keras_twostream.preparation.plan import CLIPS_PER_SHARD, TIME_LIMIT
from keras_twostream.remote.address import as_path

_STATUS = (
    "Exit status: 0 if all clips are in the set (or the estimate was made), "
    "1 if some are quarantined, 2 if an argument or folder cannot be used or "
    "no clip can, 130 after Ctrl-C. The same command goes on where it "
    "stopped."
)


def prepare(
    source, destination, lists, format, split, classes, as_json, **settings
):
    """Turn videos into shards of frames and flow, with a manifest."""
    crew = _executor(settings)
    from keras_twostream.clips.lists import read_clips

    clips = read_clips(
        *(source, lists and (lists if len(lists) > 1 else lists[0])),
        *(format, split),
        class_names=classes,
        verbose=not as_json,
    )
    flow = _flow(settings, clips, destination)
    if settings["estimate"]:
        return _estimate(clips, flow, settings["workers"], as_json)
    from keras_twostream.preparation.preparing import prepare

    begun = time.monotonic()
    prepared = prepare(
        clips,
        destination,
        flow,
        root=place if (place := as_path(source)).is_dir() else place.parent,
        executor=crew,
        clips_per_shard=settings["clips_per_shard"],
        retry=settings["retry"],
        verbose=False if as_json else "auto",
    )
    _print_figures(prepared, time.monotonic() - begun, as_json)
    return int(bool(prepared.manifest.quarantined))


def _executor(settings):
    """Returns who does the work."""
    ways = {f"--{name}": settings[name] for name in ("workers", "dask", "ray")}
    given = [name for name, value in ways.items() if value is not None]
    if len(given) > 1:
        raise ValueError(f"Give one of {', '.join(ways)}. Received: {given}")
    from keras_twostream.preparation import engines, executors

    if address := settings["dask"]:
        return engines.Dask(address, settings["time_limit"])
    if address := settings["ray"]:
        return engines.Ray(address, settings["time_limit"])
    return executors.Local(settings["workers"], settings["time_limit"])


def _flow(settings, clips, destination):
    """Returns which flow; a bound that is to be fitted stays that of a set."""
    import dataclasses

    from keras_twostream.flow.own import add_estimator
    from keras_twostream.preparation.estimate import fit_bound
    from keras_twostream.preparation.merging import flow_in

    if is_import_path(settings["algorithm"]):
        # Typed by the user, so agreed to.
        add_estimator(settings["algorithm"])
    flow = filled(FlowSpec, settings)
    if not settings["fit_bound"]:
        return flow
    known = flow_in(destination)
    bound = known.bound if known else fit_bound(clips, flow)
    return dataclasses.replace(flow, bound=bound)


def _estimate(clips, flow, workers, as_json):
    from keras_twostream.cli.estimating import print_estimate
    from keras_twostream.preparation.estimate import alternatives, estimate
    from keras_twostream.preparation.executors import core_count

    workers = workers or core_count()
    found = estimate(clips, alternatives(flow), workers=workers)
    print_estimate(found, as_json)


def _print_figures(prepared, seconds, as_json):
    from keras_twostream.cli.estimating import duration, size

    figures = prepared.figures()
    if as_json:
        folder = str(prepared.folder)
        print_json({"folder": folder, **figures, "seconds": seconds})
        return
    # Of frames that others extracted nobody knows the rate.
    hours, per_hour = figures["hours"], figures["bytes_per_hour"]
    rows = [
        ("clips", f"{figures['clips']:,}"),
        ("frames", f"{figures['frames']:,}"),
        ("video", "-" if not hours else duration(3600 * hours)),
        ("size", size(figures["bytes"])),
        ("size per hour of video", "-" if per_hour is None else size(per_hour)),
        ("quarantined", f"{len(figures['quarantined']):,}"),
        ("time", duration(seconds)),
    ]
    print_table(("prepared", ""), rows)
    print("Use it wherever a folder of videos is asked for, such as:")
    print(f"  keras-twostream train {prepared.folder}")


def _arguments(verb):
    verb.epilog = _STATUS
    verb.add_argument(
        "source", metavar="SRC", help="folder of videos, such as one per class"
    )
    verb.add_argument(
        "destination",
        metavar="DST",
        help="folder of the prepared set: new, or begun by this command",
    )
    _list_arguments(verb)
    group = verb.add_argument_group("flow")
    field_arguments(group, FlowSpec)
    group.add_argument(
        "--fit-bound",
        action="store_true",
        help="choose the bound by the motion in some of the clips",
    )
    _work_arguments(verb)
    _json_argument(verb)


def _list_arguments(verb):
    verb.add_argument(
        "--list",
        dest="lists",
        action="append",
        metavar="FILE",
        help="list of the clips, can be repeated; or a folder of lists, such "
        "as the official splits of UCF101 and HMDB51",
    )
    verb.add_argument(
        "--format", default="auto", help="of the list or of the folder"
    )
    verb.add_argument(
        "--split",
        help="number of the official split, or what the list is for: train, "
        "validation or test",
    )
    verb.add_argument(
        "--classes",
        metavar="FILE",
        help="names the classes in the order of their labels",
    )


def _work_arguments(verb):
    group = verb.add_argument_group("work")
    for name, options in _WORK.items():
        group.add_argument(f"--{name}", **options)


_WORK: dict[str, dict] = {
    "estimate": {
        "action": "store_true",
        "help": "tell what each algorithm and encoding would cost, then stop",
    },
    "workers": {"type": int, "help": "processes; by default one a core"},
    "dask": {"metavar": "ADDRESS", "help": "of a scheduler: tcp://HOST:PORT"},
    "ray": {"metavar": "ADDRESS", "help": "of a cluster: HOST:PORT or auto"},
    "time-limit": {
        "type": float,
        "default": TIME_LIMIT,
        "metavar": "SECONDS",
        "help": "after which a clip is given up",
    },
    "clips-per-shard": {
        "type": int,
        "default": CLIPS_PER_SHARD,
        "metavar": "N",
        "help": "clips in a file of the set",
    },
    "retry": {"action": "store_true", "help": "try quarantined clips again"},
}
VERBS = {"prepare": (prepare, _arguments)}
