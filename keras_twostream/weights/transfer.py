"""Moves weights between networks by the names of their layers."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from keras_twostream.backbones.base import RGB_CHANNELS

logger = logging.getLogger("keras_twostream")


@dataclass(frozen=True, kw_only=True)
class LoadReport:
    """What became of every layer when weights were loaded.

    Attributes:
        source: Where the weights came from.
        loaded: Layers that were filled.
        inflated: Those of them whose first kernel was spread from RGB over
            the channels of flow.
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


def transfer(source: keras.Model, target: keras.Model) -> LoadReport:
    """Copies the weights of all layers that two networks have in common.

    Layers are matched by name, `{stream}_{layer}`, so weights move between
    single streams, late fusion and every other fusion of the same backbones.

    Args:
        source: Model to copy from.
        target: Model to copy into.

    Returns:
        The `LoadReport`. Networks seldom have all layers in common, so it is
        logged only as information.
    """
    weights = {
        layer.name: [keras.ops.convert_to_numpy(w) for w in layer.weights]
        for layer in source.layers
        if layer.weights
    }
    report = assign(target, weights, source.name)
    logger.info("%s", report)
    return report


def assign(
    model: keras.Model,
    weights: Mapping[str, Sequence[np.ndarray]],
    source: str = "arrays",
) -> LoadReport:
    """Fills a model's layers with arrays, by layer name.

    A kernel made for RGB is spread over the channels of flow by repeating
    its mean over the colours (Wang et al., "Temporal Segment Networks", ECCV
    2016; the released code of the fusion paper does the same).

    Args:
        model: Model to fill.
        weights: Layer name -> arrays in the order of `layer.weights`.
        source: What the report calls the origin.

    Returns:
        The `LoadReport`.
    """
    loaded, inflated, changed, missing = [], [], [], []
    layers = {layer.name: layer for layer in model.layers if layer.weights}
    for name, layer in layers.items():
        wanted = [tuple(w.shape) for w in layer.weights]
        found = [np.shape(array) for array in weights.get(name, ())]
        if not found:
            missing.append(name)
        elif arrays := fitted(weights[name], wanted):
            layer.set_weights(arrays)
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


def fitted(arrays, wanted):
    """Returns arrays in the wanted shapes, inflated if made for RGB, or None.

    Args:
        arrays: Arrays of one layer.
        wanted: Shapes of the layer's weights.
    """
    if len(arrays) != len(wanted):
        return None
    result = []
    for array, shape in zip(arrays, wanted, strict=True):
        if array.shape != shape:
            # Channels come in by the last axis but one of a kernel, and by
            # the only axis of a per-channel constant.
            axis = max(array.ndim - 2, 0)
            if not _differ_at(array.shape, shape, axis):
                return None
            mean = array.mean(axis=axis, keepdims=True)
            array = np.repeat(mean, shape[axis], axis=axis)
        result.append(array)
    return result


def _differ_at(found, wanted, axis):
    """Returns whether shapes differ by RGB or flow channels at `axis` only."""
    return (
        len(found) == len(wanted)
        and found[axis] == RGB_CHANNELS
        and found[:axis] == wanted[:axis]
        and found[axis + 1 :] == wanted[axis + 1 :]
    )


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
