"""What a recipe says of the network -> the network."""

import contextlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import keras

from keras_twostream import backbones
from keras_twostream.backbones.graph import LAST_MAP
from keras_twostream.models import request
from keras_twostream.models.build import build
from keras_twostream.models.record import read_record
from keras_twostream.models.table import get_spec
from keras_twostream.training.freezing import freeze, freeze_towers
from keras_twostream.training.recipe import BACKBONE, FUSION, TOWERS


def network_of(recipe, class_names, earlier=None, precision=None):
    """Returns the network of a recipe, frozen as it says.

    Args:
        recipe: `Recipe` without stages.
        class_names: Names of the classes.
        earlier: Dict of name of an earlier stage -> file of its network.
        precision: Dtype policy, instead of the recipe's.

    Raises:
        ValueError: If there is no such network.
    """
    with _policy(precision or recipe.precision):
        model = build(
            recipe.model,
            backbone=_backbone_of(recipe),
            streams=recipe.streams,
            fuse=recipe.fuse,
            keep=recipe.keep,
            weights=_files(recipe.weights, earlier or {}),
            inflation=recipe.inflation,
            time=recipe.time,
            batch_norm=recipe.batch_norm,
            class_names=class_names,
            input_shape=recipe.image_size,
            flow_frames=recipe.flow_frames,
            frames=recipe.frames,
            flow=recipe.flow,
            sampling=recipe.sample(),
            dropout=recipe.dropout,
            stream_dropout=recipe.stream_dropout,
        )
    if recipe.freeze == TOWERS:
        freeze_towers(model, _net_of(recipe, model).resolve(LAST_MAP))
    elif recipe.freeze:
        stage = recipe.freeze
        if stage == FUSION:
            stage = _fusion_of(spec_of(recipe))
        freeze(model, _net_of(recipe, model).resolve(stage))
    return model


def spec_of(recipe):
    """Returns the `Spec` of a recipe's network.

    Args:
        recipe: `Recipe` without stages.
    """
    return request.resolve(
        recipe.model,
        streams=recipe.streams,
        fuse=recipe.fuse,
        keep=recipe.keep,
        time=recipe.time,
        frames=recipe.frames,
        flow_frames=recipe.flow_frames,
    )[0]


def tower_stages(recipe, model):
    """Returns the stages at which maps of a network's towers get smaller.

    Args:
        recipe: `Recipe` without stages.
        model: The network of it.

    Returns:
        Names, from the inputs to where streams are fused first.
    """
    net, fused = _net_of(recipe, model), spec_of(recipe).fuse
    last = net.resolve(next(iter(fused))) if fused else None
    found: dict[int, str] = {}
    for stage in net.stages.values():
        if stage.stride > 1 and not (last and net.after(stage.name, last)):
            found.setdefault(stage.stride, stage.name)
    return [*found.values()]


def shared_cut(recipe):
    """Returns where networks that differ above can share maps.

    Args:
        recipe: `Recipe` without stages, of a network with frozen towers.

    Returns:
        Names of the layers of each stream at which it is fused first, or
        whose last map it is, or that is the last to be frozen.
    """
    spec = spec_of(recipe)
    chosen = _backbone_of(recipe) or spec.backbone
    size = recipe.image_size or spec.image_size
    names = []
    for stream in spec.streams:
        by_stream = isinstance(chosen, Mapping)
        net = backbones.get(chosen[stream] if by_stream else chosen, size)
        ends = [net.resolve(LAST_MAP)]
        ends += [net.resolve(at) for at in [*spec.fuse][:1]]
        if recipe.freeze and recipe.freeze not in (FUSION, TOWERS):
            ends.append(net.resolve(recipe.freeze))
        first = min(ends, key=[*net.stages].index)
        names.append(f"{stream}_{first}")
    return names


@contextlib.contextmanager
def silent_loading(silent=True):
    """Silences what is said of weights that are loaded within."""
    told = logging.getLogger("keras_twostream")
    before = told.level
    told.setLevel(logging.ERROR if silent else before)
    try:
        yield
    finally:
        told.setLevel(before)


def save_model(model, path):
    """Writes a `.keras` file, whole or not at all, without the optimizer.

    A file with an optimizer loads only where its backend is installed.
    """
    path = Path(path)
    temporary = path.with_name(f".{os.getpid()}.{path.name}")
    try:
        model.save(temporary, include_optimizer=False)
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def _backbone_of(recipe):
    """Returns the backbone that a recipe says, `None` for the network's."""
    clips = get_spec(recipe.model).clips
    return recipe.backbone or (None if clips else BACKBONE)


def _net_of(recipe, model):
    """Returns the `Backbone` of a network's towers."""
    name = _backbone_of(recipe) or get_spec(recipe.model).backbone
    if isinstance(name, Mapping):
        name = name[spec_of(recipe).streams[0]]
    return backbones.get(name, read_record(model).image_size)


def _files(weights, earlier):
    """Returns what to start from, with stages as their files."""
    if isinstance(weights, dict):
        return {s: _files(source, earlier) for s, source in weights.items()}
    return str(earlier[weights]) if weights in earlier else weights


def _fusion_of(spec):
    """Returns the last stage at which streams are fused."""
    if not spec.fuse:
        raise ValueError(
            f"freeze={FUSION!r} is for networks that fuse streams. Received: "
            f"one of {', '.join(spec.streams)} alone"
        )
    return [*spec.fuse][-1]


@contextlib.contextmanager
def _policy(name):
    """Sets the dtype policy of what is built within."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
