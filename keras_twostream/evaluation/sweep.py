"""How many looks at a clip are worth their cost."""

import dataclasses
import time

import numpy as np

from keras_twostream.data.views import PLACES
from keras_twostream.evaluation.averaging import averaged
from keras_twostream.evaluation.looks import Looks
from keras_twostream.evaluation.metrics import interval
from keras_twostream.evaluation.networks import loaded
from keras_twostream.evaluation.protocols import COUNTS, get_protocol


def view_sweep(directory, run, counts=COUNTS, *, protocol="default", **options):
    """Measures a network with few views of each clip and with many.

    All views are computed once; fewer views are some of these.

    Args:
        directory: Folder of clips or prepared set, as for `evaluate`.
        run: As for `evaluate`.
        counts: Numbers of moments to look at.
        protocol: Name of a protocol or `Protocol`, for the places and mirror
            images of every moment, and the average.
        **options: As for `Looks`.

    Returns:
        A list of dicts of `"views"`, `"places"`, `"flips"`, `"samples"` (per
        clip, what it costs), `"seconds"` (per clip), `"accuracy"` and
        `"interval"`, from the cheapest on. The central crop alone and no
        mirror images are among them.
    """
    model, _ = loaded(run)
    whole = dataclasses.replace(get_protocol(protocol), views=max(counts))
    looks = Looks(directory, model, protocol=whole, **options)
    begun = time.perf_counter()
    scores = looks.views(model)
    seconds = (time.perf_counter() - begun) / scores.shape[0] / scores.shape[1]
    places, sides = len(PLACES[whole.places]), 2 if whole.flips else 1
    scores = scores.reshape(
        len(scores), whole.views, places, sides, scores.shape[-1]
    )
    labels = np.array(looks.dataset.labels)
    rows = []
    for count in counts:
        for crops, flips in _forms(whole):
            chosen = scores[:, moments(count, whole.views)]
            chosen = chosen[:, :, _crops(whole.places, crops)]
            chosen = chosen[:, :, :, : 2 if flips else 1]
            views = chosen.reshape(len(chosen), -1, chosen.shape[-1])
            right = averaged(views, whole.average).argmax(-1) == labels
            rows.append(
                {
                    "views": count,
                    "places": crops,
                    "flips": flips,
                    "samples": views.shape[1],
                    "seconds": seconds * views.shape[1],
                    "accuracy": float(right.mean()),
                    "interval": interval(right, looks.groups),
                }
            )
    return sorted(rows, key=lambda row: row["samples"])


def moments(count: int, of: int) -> np.ndarray:
    """Returns which of evenly spaced moments are the nearest to fewer.

    Args:
        count: How many to take.
        of: How many there are.
    """
    middles = (np.arange(count) + 0.5) * of / count
    return np.minimum(middles.astype(int), of - 1)


def _forms(protocol):
    """Returns the places and mirror images of a protocol, and less of them."""
    forms = [(protocol.places, protocol.flips)]
    if protocol.flips:
        forms.append((protocol.places, False))
    if protocol.places != "center":
        forms.append(("center", False))
    return reversed(forms)


def _crops(places: str, wanted: str):
    """Returns which crops of a moment are the wanted ones."""
    everywhere = range(len(PLACES[places]))
    if wanted == places:
        return list(everywhere)
    return [PLACES[places].index(PLACES["center"][0])]
