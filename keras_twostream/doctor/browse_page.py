"""Samples of a dataset as a page that plays them."""

from typing import Any

from keras_twostream.report.page import facts_list, text
from keras_twostream.report.players import SCRIPT, STYLE, legend, player
from keras_twostream.report.sheets import Sample, scale_of


def draw_samples(
    path: str, samples: list[Sample], dataset: Any
) -> tuple[str, str, str, str]:
    """Returns title, HTML, further CSS and JavaScript of a page of samples.

    Args:
        path: What they are of.
        samples: The samples.
        dataset: What they were taken from, for its `sample_spec`.
    """
    spec, scale = dataset.sample_spec, scale_of(samples)
    frames, fields = samples[0].shape
    about = {
        "samples": str(len(samples)),
        "frames (T)": str(frames),
        "flow fields of each (L)": str(fields),
        "size": "{} x {} pixels".format(*spec.image_size),
        "flow": f"{spec.flow.algorithm}, bound {spec.flow.bound:g} pixels",
        "augmented": "yes" if spec.augment else "no",
    }
    body = [
        facts_list(about),
        f'<div class="top">{legend(scale)}'
        '<button id="play" type="button">Pause</button></div>',
        '<div class="samples">',
        *(player(sample, scale) for sample in samples),
        "</div>",
        *(
            f'<p class="quiet">Left out: {text(name)}: {text(why)}</p>'
            for name, why in dataset.skipped
        ),
    ]
    return f"What {path} feeds", "\n".join(body), STYLE, SCRIPT
