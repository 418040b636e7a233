"""Moves weights between networks by the names of their layers."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_twostream.weights.inflation import check, inflate

logger = logging.getLogger("keras_twostream")


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """What became of every layer when weights were loaded.

    Attributes:
        source: Where the weights came from.
        loaded: Layers that were filled.
        inflated: Those of them whose first kernel was spread from RGB over
            the channels of flow, or of several frames.
        reinitialised: (layer, shape found, shape wanted) of layers whose
            shapes differ; they keep their initial values.
        missing: Layers of the model that the source lacks.
        unused: Layers of the source that the model lacks.
    """

    source: str
    loaded: tuple[str, ...] = ()
    inflated: tuple[str, ...] = ()
    reinitialised: tuple[tuple[str, Any, Any], ...] = ()
    missing: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()

    def __add__(self, other: "LoadReport") -> "LoadReport":
        """Returns the report of two loads into one model."""
        filled = {*self.loaded, *other.loaded}
        return LoadReport(
            source=f"{self.source}, {other.source}",
            loaded=self.loaded + other.loaded,
            inflated=self.inflated + other.inflated,
            reinitialised=self.reinitialised + other.reinitialised,
            missing=tuple(
                name
                for name in dict.fromkeys(self.missing + other.missing)
                if name not in filled
            ),
            unused=self.unused + other.unused,
        )

    def __str__(self) -> str:
        lines = [
            f"Weights from {self.source}: {len(self.loaded)} layers loaded"
        ]
        if self.inflated:
            lines.append(f"  inflated from RGB: {_listed(self.inflated)}")
        for name, found, wanted in self.reinitialised:
            lines.append(f"  re-initialised: {name}, {found} -> {wanted}")
        if self.missing:
            lines.append(f"  not in the source: {_listed(self.missing)}")
        if self.unused:
            lines.append(f"  not in the model: {_listed(self.unused)}")
        return "\n".join(lines)

    def log(self) -> "LoadReport":
        """Logs the report, as a warning if anything was not loaded."""
        whole = not (self.reinitialised or self.missing or self.unused)
        logger.log(logging.INFO if whole else logging.WARNING, "%s", self)
        return self


def transfer(
    source: keras.Model, target: keras.Model, inflation: str = "mean"
) -> LoadReport:
    """Copies the weights of all layers that two networks have in common.

    Layers are matched by name, `{stream}_{layer}`, so weights move between
    single streams, late fusion and every other fusion of the same backbones.

    Args:
        source: Model to copy from.
        target: Model to copy into.
        inflation: How a first kernel for RGB is spread over other channels,
            a name of `weights.INFLATIONS`.

    Returns:
        The `LoadReport`. Networks seldom have all layers in common, so it is
        logged only as information.
    """
    weights = {
        layer.name: [keras.ops.convert_to_numpy(w) for w in layer.weights]
        for layer in source.layers
        if layer.weights
    }
    report = assign(target, weights, source.name, inflation)
    logger.info("%s", report)
    return report


def assign(
    model: keras.Model,
    weights: Mapping[str, Sequence[np.ndarray]],
    source: str = "arrays",
    inflation: str = "mean",
) -> LoadReport:
    """Fills a model's layers with arrays, by layer name.

    A kernel made for RGB is spread over the channels of flow, or of several
    frames.

    Args:
        model: Model to fill.
        weights: Layer name -> arrays in the order of `layer.weights`.
        source: What the report calls the origin.
        inflation: How kernels are spread over flow, a name of
            `weights.INFLATIONS`.

    Returns:
        The `LoadReport`.

    Raises:
        ValueError: If there is no such inflation.
    """
    check(inflation)
    loaded, inflated, changed, missing = [], [], [], []
    layers = {layer.name: layer for layer in model.layers if layer.weights}
    for name, layer in layers.items():
        wanted = [tuple(w.shape) for w in layer.weights]
        found = [np.shape(array) for array in weights.get(name, ())]
        if not found:
            missing.append(name)
        elif arrays := fitted(
            weights[name], wanted, stream_of(name), inflation
        ):
            layer.set_weights(arrays)
            if isinstance(layer, keras.layers.Normalization):
                # It works with constants that it makes of its weights.
                layer.finalize_state()
            loaded.append(name)
            if wanted != found:
                inflated.append(name)
        else:
            changed.append((name, *_difference(found, wanted)))
    return LoadReport(
        source=source,
        loaded=tuple(loaded),
        inflated=tuple(inflated),
        reinitialised=tuple(changed),
        missing=tuple(missing),
        unused=tuple(name for name in weights if name not in layers),
    )


def stream_of(name):
    """Returns the stream of a layer, by the prefix of its name."""
    return name.partition("_")[0]


def fitted(arrays, wanted, stream="flow", inflation="mean"):
    """Returns arrays in the wanted shapes, inflated if made for RGB, or None.

    Args:
        arrays: Arrays of one layer.
        wanted: Shapes of the layer's weights.
        stream: Stream of the layer.
        inflation: Name of `weights.INFLATIONS`.
    """
    if len(arrays) != len(wanted):
        return None
    result = []
    for array, shape in zip(arrays, wanted, strict=True):
        if array.shape != shape:
            array = inflate(array, shape, stream, inflation)
        if array is None:
            return None
        result.append(array)
    return result


def _difference(found, wanted):
    """Returns the first pair of unequal shapes."""
    for one, other in zip(found, wanted, strict=False):
        if one != other:
            return one, other
    return f"{len(found)} arrays", f"{len(wanted)} arrays"


def _listed(names, most=6):
    """Returns the names as text, the end of a long list as a number."""
    shown = ", ".join(names[:most])
    rest = len(names) - most
    return f"{shown} and {rest} more" if rest > 0 else shown
