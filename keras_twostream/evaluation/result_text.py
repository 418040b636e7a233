"""A result as the text of its file."""

import json

FORMAT = 1


def text_of(result) -> str:
    """Returns a `Result` as JSON, with a line for each clip."""
    names = result.class_names
    head = {
        "format": FORMAT,
        "accuracy": round(result.accuracy, 6),
        "protocol": result.protocol.to_dict(),
        "split": result.split,
        "made": dict(result.made),
        "class_names": list(names),
        "skipped": [list(pair) for pair in result.skipped],
    }
    groups = result.groups or [None] * len(result)
    rows = zip(result.clips, result.labels, groups, result.scores, strict=True)
    lines = [
        json.dumps(
            {
                "clip": clip,
                "class": names[label],
                "group": group,
                # The shortest text that is this float32.
                "scores": [float(str(score)) for score in scores],
            },
            allow_nan=False,
        )
        for clip, label, group, scores in rows
    ]
    top = json.dumps(head, indent=1, allow_nan=False, default=str)
    clips = ",\n  ".join(lines)
    return f'{top[:-2]},\n "clips": [\n  {clips}\n ]\n}}\n'
