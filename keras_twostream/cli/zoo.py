"""Verbs about pretrained weights: `publish`, `verify` and `convert`."""

import json
from pathlib import Path

from keras_twostream.cli.output import import_keras, print_json, print_table


def publish(run, name, to, licence, description, metrics, dtype, overwrite):
    """Add the network of a run to a zoo: entry, weights, card."""
    import_keras()
    from keras_twostream.training.facts import facts_of
    from keras_twostream.zoo.loading import load
    from keras_twostream.zoo.publishing import publish

    details = facts_of(run)
    if description:
        details["description"] = description
    if metrics:
        told = json.loads(Path(metrics).read_text(encoding="utf-8"))
        details["metrics"] = (*told, *details["metrics"])
    entry = publish(
        load(run),
        name,
        to,
        dtype=dtype,
        overwrite=overwrite,
        licence=licence,
        **details,
    )
    print(f"Published {entry.name} in {to}: {entry.file.bytes:,} bytes")
    print(f"Read its card, {Path(to) / name}.md; try:")
    print(f"  KERAS_TWOSTREAM_ZOO={to} keras-twostream verify {name}")


def verify(name, all_entries, as_json):
    """Check pretrained weights: bytes, hash, parameters, golden sample."""
    if bool(name) == all_entries:
        raise ValueError("Say which: one or more names, or --all")
    import_keras()
    from dataclasses import asdict

    from keras_twostream.weights.index import list_weights
    from keras_twostream.zoo.verifying import FAILED, verify

    names = list_weights() if all_entries else name
    verdicts = [verify(each) for each in names]
    if as_json:
        print_json([asdict(verdict) for verdict in verdicts])
    elif verdicts:
        rows = [(v.name, v.status, v.detail) for v in verdicts]
        print_table(("weights", "status", "what"), rows)
    else:
        print("The zoo is empty")
    return int(any(verdict.status == FAILED for verdict in verdicts))


def convert(file, to, source, classes):
    """Turn weights that others published into a network of this library."""
    if Path(to).suffix not in ("", ".keras"):
        raise ValueError(
            f"What is written is a .keras file or a preset folder. "
            f"Received: {to}"
        )
    import_keras()
    from keras_twostream.converters import convert
    from keras_twostream.training.networks import save_model
    from keras_twostream.zoo.preset import save_to_preset

    names = None
    if classes:
        lines = Path(classes).read_text(encoding="utf-8").splitlines()
        names = [line.strip() for line in lines if line.strip()]
    model = convert(file, source, class_names=names)
    if Path(to).suffix:
        save_model(model, to)
    else:
        save_to_preset(
            model, to, description=f"Converted from {Path(file).name}."
        )
    print(f"{model.name} with {model.count_params():,} parameters -> {to}")


def _publish_arguments(verb):
    verb.add_argument("run", help="run folder")
    verb.add_argument(
        "--name", required=True, help="model.tag, such as conv_relu5.my_clips"
    )
    verb.add_argument("--to", default="zoo", help="folder of the zoo")
    verb.add_argument(
        "--licence", default="not stated", help="of the weights, for its card"
    )
    verb.add_argument("--description", help="one sentence for its card")
    verb.add_argument(
        "--metrics",
        metavar="FILE",
        help="JSON list of further figures, each with dataset, protocol, value",
    )
    verb.add_argument(
        "--dtype",
        choices=("float16", "float32"),
        default="float16",
        help="of the stored numbers",
    )
    verb.add_argument(
        "--overwrite", action="store_true", help="replace an entry"
    )


def _verify_arguments(verb):
    verb.add_argument("name", nargs="*", help="names, see `list --pretrained`")
    verb.add_argument(
        "--all", dest="all_entries", action="store_true", help="all of the zoo"
    )
    verb.add_argument(
        "--json", dest="as_json", action="store_true", help="print JSON"
    )


def _convert_arguments(verb):
    verb.add_argument("file", help="file of another library")
    verb.add_argument("to", help=".keras file or preset folder to write")
    verb.add_argument(
        "--from",
        dest="source",
        help="matconvnet, keras-i3d or pytorch; by default what the suffix "
        "tells",
    )
    verb.add_argument(
        "--classes", metavar="FILE", help="text file, one class name a line"
    )


VERBS = {
    "publish": (publish, _publish_arguments),
    "verify": (verify, _verify_arguments),
    "convert": (convert, _convert_arguments),
}
