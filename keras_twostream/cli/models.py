"""Verbs about networks: `list` and `info`."""

from keras_twostream.cli.output import import_keras, print_json, print_table


def list_models(pattern, backbones, as_json):
    """List the named networks, or the backbones."""
    if backbones:
        import_keras()
        from keras_twostream.backbones import list_backbones

        print("\n".join(list_backbones()))
        return
    from keras_twostream.models.table import MODELS, list_models

    rows = [(name, *_row(MODELS[name])) for name in list_models(pattern)]
    columns = ("name", "fused", "paper", "accuracy")
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    elif rows:
        print_table(columns, rows)
        print("accuracy: published for two VGG-M-2048 towers, UCF101 split 1")
    else:
        raise ValueError(
            f"No network matches {pattern!r}. There are: {', '.join(MODELS)}"
        )


def _row(spec):
    fused = ", ".join(f"{how} at {at}" for at, how in spec.fuse.items())
    paper = spec.paper
    return (
        fused or f"{spec.streams[0]} alone",
        f"Table {paper.table}: {paper.row}" if paper else "-",
        f"{paper.accuracy:.2f} %" if paper else "-",
    )


def info(name, backbone, num_classes, as_json):
    """Show what a network fuses where, its size and its cost."""
    import_keras()
    from keras_twostream.models.info import model_info

    facts = model_info(name, backbone=backbone, num_classes=num_classes)
    if as_json:
        print(facts.to_json())
        return
    fused = ", ".join(f"{how} at {at}" for at, how in facts.fuse.items())
    paper = facts.paper
    rows = [
        ("backbone", facts.backbone),
        ("fusion", fused or "none"),
        *((f"input {key}", x) for key, x in facts.input_shapes.items()),
        ("output", facts.output_shape),
        ("parameters", f"{facts.parameters:,}"),
        ("multiply-adds", f"{facts.multiply_adds / 1e9:.2f} G"),
    ]
    if paper:
        published = f"Table {paper.table}, {paper.row}: {paper.accuracy:.2f} %"
        rows.append(("paper", f"{published} on UCF101 split 1 (VGG-M-2048)"))
    print_table(("", name), rows)


def _list_arguments(verb):
    verb.add_argument("pattern", nargs="?", default="*", help="such as 'conv*'")
    verb.add_argument(
        "--backbones", action="store_true", help="list image networks instead"
    )
    _json_argument(verb)


def _info_arguments(verb):
    verb.add_argument("name", help="name of a network, see `list`")
    verb.add_argument("--backbone", default="vgg_m_2048", help="image network")
    verb.add_argument("--num-classes", type=int, default=101)
    _json_argument(verb)


def _json_argument(verb):
    verb.add_argument(
        "--json", dest="as_json", action="store_true", help="print JSON"
    )


VERBS = {
    "list": (list_models, _list_arguments),
    "info": (info, _info_arguments),
}
