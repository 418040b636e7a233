"""Flow computed and stored on trial, and what that took."""

import dataclasses
import math
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from keras_twostream.flow import estimators
from keras_twostream.flow.bounds import Magnitudes
from keras_twostream.flow.spec import FlowSpec
from keras_twostream.flow.storage import restore_field, store_field
from keras_twostream.preparation.fields import encode_frame
from keras_twostream.preparation.motion import profile
from keras_twostream.preparation.survey import Excerpt

# CPU seconds after which an algorithm is not tried on further clips, and the
# number of clips that it is tried on all the same.
BUDGET, FEWEST = 3.0, 3
# Width of the bins in which errors are counted, and the largest, in pixels.
_ERRORS = 1 / 512, 512.0


class StoredForm:
    """One form of storage, tried on the fields of some clips.

    Args:
        spec: Which flow, stored how.
    """

    def __init__(self, spec: FlowSpec):
        self.spec = spec
        self.weights: list[float] = []
        self.seconds: list[float] = []  # of each clip, per frame stored
        self.bytes: list[float] = []  # the same
        self._squares, self._count = 0.0, 0
        self._errors = Magnitudes(*_ERRORS)

    def add(
        self,
        flows: Sequence[np.ndarray],
        seconds: float,
        size: float,
        weight: float,
    ) -> None:
        """Stores the fields of a clip and reads them back.

        Args:
            flows: The fields.
            seconds: CPU time per frame for all that comes before storage.
            size: Bytes per frame of all but the field.
            weight: Frames of the clip.
        """
        images, times = [], []
        for flow in flows:
            image, spent = timed(store_field, flow, self.spec)
            images.append(len(image))
            times.append(spent)
            restored = restore_field(image, self.spec, *flow.shape[:2])
            error = restored - flow
            self._squares += float(np.nansum(np.square(error, dtype="float64")))
            self._count += int((~np.isnan(error)).sum())
            self._errors.add(error)
        self.weights.append(weight)
        self.seconds.append(seconds + float(np.mean(times)))
        self.bytes.append(size + float(np.mean(images)))

    def errors(self) -> tuple[float, float]:
        """Returns RMSE and what 99.9 % of the errors do not exceed."""
        rmse = math.sqrt(self._squares / self._count)
        return rmse, self._errors.percentile(99.9)


class Trial:
    """One way to compute flow, tried on some clips, stored in several ways.

    Args:
        forms: The ways to store it; their specs compute alike.
    """

    def __init__(self, forms: Sequence[StoredForm]):
        self._forms = forms
        self._spec = forms[0].spec
        self._estimate = estimators.get(self._spec.algorithm)
        self._spent, self._clips = 0.0, 0

    def run(self, excerpt: Excerpt) -> None:
        """Computes and stores the flow of an excerpt, while there is time.

        Raises:
            VideoError: If the clip's frame rate is unknown or too low.
        """
        if self._spent > BUDGET and self._clips >= FEWEST:
            return
        _, spent = timed(self._look, excerpt)
        self._spent += spent
        self._clips += 1

    def _look(self, excerpt: Excerpt) -> None:
        times, sizes, flows = [], [], []
        steps = excerpt.flow(self._spec, self._estimate)
        for (frame, flow), spent in _timed_steps(steps):
            image, more = timed(encode_frame, frame)
            if flow is not None:
                motion, most = timed(profile, flow, self._spec.bound)
                times.append(spent + more + most)
                sizes.append(len(image) + len(motion))
                flows.append(flow)
        if not flows:  # too short a clip to tell anything of flow
            return
        rate = self._spec.fps
        stride = excerpt.video.fps / rate if rate and excerpt.video.fps else 1
        seconds = stride * excerpt.decoding + float(np.mean(times))
        for form in self._forms:
            form.add(flows, seconds, float(np.mean(sizes)), excerpt.length)


def computed(spec: FlowSpec) -> FlowSpec:
    """Returns what two specs share that differ only in their storage."""
    return dataclasses.replace(
        FlowSpec(),
        algorithm=spec.algorithm,
        short_side=spec.short_side,
        step=spec.step,
        resize=spec.resize,
        fps=spec.fps,
        camera=spec.camera,
    )


def timed(function: Callable, *args: Any) -> tuple[Any, float]:
    """Returns what a function returns, and the CPU seconds that it took."""
    began = time.process_time()
    result = function(*args)
    return result, time.process_time() - began


def _timed_steps(steps: Iterator) -> Iterator[tuple[Any, float]]:
    while True:
        step, spent = timed(next, steps, None)
        if step is None:
            return
        yield step, spent
