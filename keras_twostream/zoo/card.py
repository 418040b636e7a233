"""A model card: what an entry says, in Markdown. Nothing is added by hand."""

TEMPLATE = """\
# {name}

{description}

```python
model = keras_twostream.load("{name}")
```
"""


def model_card(entry):
    """Returns an entry as Markdown.

    Args:
        entry: `weights.entry.Weights`.
    """
    parts = [
        TEMPLATE.format(name=entry.name, description=entry.description),
        entry.unverified and f"**Not verified here**: {entry.unverified}\n",
        _section("Figures", _metrics(entry.metrics)),
        _section("Good for", entry.limits),
        _section("Training", _listed(entry.training)),
        _section("Input", _listed(_inputs(entry))),
        _section("Classes", ", ".join(entry.class_names or ())),
        _section("File", _listed(_file(entry))),
        _section("Licence", entry.licence),
        _section("Citation", entry.citation),
    ]
    return "\n".join(part for part in parts if part)


def _section(title, text):
    return f"## {title}\n\n{text}\n" if text else ""


def _listed(rows):
    return "\n".join(f"- {name}: {value}" for name, value in rows.items())


def _metrics(metrics):
    """Returns figures as a table, each with the protocol it stands for."""
    if not metrics:
        return ""
    lines = ["| clips | figure | both | protocol |", "|---|---|--:|---|"]
    for metric in metrics:
        value = f"{metric.value:.1f} %"
        if metric.streams:
            alone = (f"{s} alone {v:.1f} %" for s, v in metric.streams.items())
            value += f" ({', '.join(alone)})"
        count = f" ({metric.clips})" if metric.clips else ""
        protocol = metric.protocol
        if metric.source:
            protocol += f"; measured by {metric.source}"
        cells = (metric.dataset + count, metric.name, value, protocol)
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def _inputs(entry):
    """Returns what the network is to be fed with."""
    network = entry.network
    rows = {
        "network": _words(network),
        "flow": _words(entry.flow.to_dict()),
        "sampling": _words(entry.sampling),
    }
    return {name: value for name, value in rows.items() if value}


def _file(entry):
    file = entry.file
    rows = {
        "address": ", ".join(file.urls),
        "format": file.format,
        "bytes": f"{file.bytes:,}" if file.bytes else "unknown",
        "sha256": file.sha256 or "not recorded",
    }
    if entry.parameters:
        rows["parameters"] = f"{entry.parameters:,}"
    return rows


def _words(settings):
    """Returns settings as `name=value` in one line."""
    return ", ".join(f"`{name}={value!r}`" for name, value in settings.items())
