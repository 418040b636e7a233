"""Verbs about networks: `list` and `info`."""

from dataclasses import asdict

from keras_twostream.cli.output import import_keras, print_json, print_table

WEIGHTS_COLUMNS = ("weights", "classes", "figure", "of", "bytes", "verified")
COLUMNS = ("name", "fused", "time", "T", "published")
LEGEND = (
    "T: frames per clip. published: % of UCF101 (table of Feichtenhofer et "
    "al. 2016);\n`list --json` and docs/models.md tell what it was measured "
    "with, and more."
)


def list_models(pattern, backbones, pretrained, as_json):
    """List the named networks, the backbones or the pretrained weights."""
    if pretrained:
        _list_weights(pattern, as_json)
        return
    if backbones:
        import_keras()
        from keras_twostream.backbones import list_backbones

        print("\n".join(list_backbones()))
        return
    from keras_twostream.models.table import MODELS, list_models

    specs = {name: MODELS[name] for name in list_models(pattern)}
    if as_json:
        print_json([{"name": n, **asdict(spec)} for n, spec in specs.items()])
    elif specs:
        print_table(COLUMNS, [_row(*item) for item in specs.items()], width=100)
        print(LEGEND)
    else:
        raise ValueError(
            f"No network matches {pattern!r}. There are: {', '.join(MODELS)}"
        )


def _list_weights(pattern, as_json):
    """Prints the entries of the zoo."""
    from keras_twostream.weights.index import get_weights, list_weights

    entries = [get_weights(name) for name in list_weights(pattern)]
    if as_json:
        print_json([entry.to_dict() for entry in entries])
    elif entries:
        rows = [_weights_row(entry) for entry in entries]
        print_table(WEIGHTS_COLUMNS, rows, width=100)
        print("How a figure was measured is on the card: `info WEIGHTS`")
    else:
        raise ValueError(f"No pretrained weights match {pattern!r}")


def _weights_row(entry):
    """Returns the line of pretrained weights."""
    metric = next(iter(entry.metrics), None)
    return (
        entry.name,
        entry.network.get("num_classes", "-"),
        f"{metric.value:.1f} %" if metric else "-",
        metric.dataset if metric else "-",
        f"{entry.file.bytes:,}" if entry.file.bytes else "-",
        "no" if entry.unverified else "yes",
    )


def _row(name, spec):
    """Returns a network's line of the list."""
    from keras_twostream.models.words import best_fit, phrase

    figure = best_fit(spec)
    time = phrase(spec.time, " ").replace("average", "avg")
    return (
        name,
        phrase(spec.fuse, " ") or f"{spec.streams[0]} alone",
        time or ("3D conv" if spec.clips else "-"),
        spec.frames or "-",
        f"{figure.ucf101:.2f} (T{figure.table})" if figure else "-",
    )


def info(name, backbone, streams, frames, num_classes, picture, as_json):
    """Show a network's parts, size and cost, or the card of weights."""
    from keras_twostream.weights.index import list_weights

    if name in list_weights():
        _show_weights(name, as_json)
        return
    import_keras()
    from keras_twostream.models.info import model_info

    facts = model_info(
        name,
        backbone=backbone,
        streams=streams,
        frames=frames,
        num_classes=num_classes,
    )
    if picture:
        from keras_twostream.report.network import draw_network

        draw_network(facts.diagram, picture)
    if as_json:
        print(facts.to_json())
        return
    print_table(("", facts.name), _facts(facts))
    print(facts.diagram)


def _show_weights(name, as_json):
    """Prints the card of pretrained weights."""
    from keras_twostream.weights.index import get_weights
    from keras_twostream.zoo.card import model_card

    entry = get_weights(name)
    if as_json:
        print_json(entry.to_dict())
    else:
        print(model_card(entry))


def _facts(facts):
    """Yields name and value of everything that is known of a network."""
    from keras_twostream.models.words import phrase

    seen = [
        f"{facts.rgb_frames} RGB frames" if facts.rgb_frames else "",
        f"{facts.flow_fields} flow fields" if facts.flow_fields else "",
        f"over {facts.video_frames} frames of video or more",
    ]
    rows = [
        ("backbone", facts.backbone),
        ("fusion", phrase(facts.fuse)),
        ("time", phrase(facts.time)),
        *((f"input {key}", x) for key, x in facts.input_shapes.items()),
        *((f"output {key}", x) for key, x in facts.output_shapes.items()),
        ("parameters", f"{facts.parameters:,}"),
        ("multiply-adds", f"{facts.multiply_adds / 1e9:.2f} G"),
        ("sees", ", ".join(filter(None, seen))),
        ("source", facts.source or "Feichtenhofer et al., CVPR 2016"),
        *(("published", figure_text(figure)) for figure in facts.published),
    ]
    return [row for row in rows if row[1]]


def figure_text(figure):
    """Returns a published accuracy as text."""
    sets = {"UCF101": figure.ucf101, "HMDB51": figure.hmdb51}
    values = [f"{key} {value} %" for key, value in sets.items() if value]
    where = f"Table {figure.table}, {figure.row}"
    return f"{where}: {', '.join(values)} ({figure.towers}, {figure.splits})"


def _list_arguments(verb):
    verb.add_argument("pattern", nargs="?", default="*", help="such as 'conv*'")
    verb.add_argument(
        "--backbones", action="store_true", help="list image networks instead"
    )
    verb.add_argument(
        "--pretrained", action="store_true", help="list pretrained weights"
    )
    _json_argument(verb)


def _info_arguments(verb):
    verb.add_argument(
        "name", help="name of a network or of pretrained weights, see `list`"
    )
    verb.add_argument("--backbone", help="image network, by default its own")
    verb.add_argument(
        "--streams",
        nargs="+",
        choices=("rgb", "flow"),
        help="other streams than its own",
    )
    verb.add_argument("--frames", type=int, help="frames per clip")
    verb.add_argument("--num-classes", type=int, default=101, help="classes")
    verb.add_argument(
        "--picture", metavar="FILE", help="draw it into a .svg or .png file"
    )
    _json_argument(verb)


def _json_argument(verb):
    verb.add_argument(
        "--json", dest="as_json", action="store_true", help="print JSON"
    )


VERBS = {
    "list": (list_models, _list_arguments),
    "info": (info, _info_arguments),
}
