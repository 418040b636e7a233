"""Stored frames and flow -> what is known of them."""

from typing import Any

import cv2
import numpy as np

from keras_twostream.doctor import photometry
from keras_twostream.doctor.facts import Facts, FlowFacts
from keras_twostream.doctor.likeness import describe, shrink
from keras_twostream.doctor.stores import STORES, Store
from keras_twostream.flow import codec, estimators

# Fields of a clip that are compared with its frames, and if quick.
_FIELDS, _QUICK = 8, 3
# What the fields are compared with; it need not be what they were made by.
_REFERENCE = "dis_fast"
# Speed in pixels per step below which nothing moves, and changes in levels
# from a frame to the next where something rests and where it moves.
_RESTING, _SAME, _CHANGED = 0.1, 3, 12
# Share of the pixels that must change in a clip that moves, and how many must
# rest before there is a level of rest.
_SHARE, _PIXELS = 0.01, 500


def examine_stored(job: dict[str, Any], quick: bool = False) -> Facts:
    """Examines frames and flow that lie ready.

    Args:
        job: `kind`, a key of `stores.STORES`, and what that takes.
        quick: Whether to decode only a few of them.
    """
    facts = Facts(fps=job.get("fps"))
    try:
        store = STORES[job["kind"]](job)
        if not store.frames:
            raise ValueError("it has no frames")
        facts.frames, facts.missing = store.frames, store.missing
        facts.fps = store.fps or facts.fps
        facts.height, facts.width = store.frame(0).shape[:2]
        if not quick:
            facts.likeness = describe(_small(store))
        facts.flow = _flow_facts(store, quick)
    except (ValueError, OSError, cv2.error) as error:
        facts.problem, facts.reason = "unreadable", str(error)
    return facts


def _small(store: Store) -> list[np.ndarray]:
    how = cv2.IMREAD_REDUCED_GRAYSCALE_4
    if min(store.frame(0).shape[:2]) < 128:
        how = cv2.IMREAD_GRAYSCALE
    return [shrink(store.frame(index, how)) for index in range(store.frames)]


def _flow_facts(store: Store, quick: bool) -> FlowFacts:
    facts = FlowFacts(fields=store.fields, wanted=store.wanted)
    if not store.fields:
        return facts
    picked = np.linspace(0, store.fields - 1, _QUICK if quick else _FIELDS)
    seen = {*picked.astype(int).tolist()}
    reach = store.spec.bound - 1 / codec.affine(store.spec)[0]
    shares, compared = [], []
    for index in sorted(seen) if quick else range(store.fields):
        flow = store.field(index)
        # Along an axis of two, `max` would take many times as long.
        farther = np.maximum(*np.abs(cv2.split(flow)))
        shares.append(float(np.mean(farther >= reach)))
        if index in seen and index + store.spec.step < store.frames:
            compared.append(_compare(store, index, flow))
    facts.saturated = float(np.mean(shares))
    belongs = store.fields in store.wanted and not store.missing
    # Without the camera's motion, flow is not what carries frames onto others.
    if compared and belongs and store.spec.camera == "keep":
        _judge(facts, compared, store)
    return facts


def _compare(store: Store, index: int, flow: np.ndarray) -> dict[str, Any]:
    """Compares a field with the frames that it belongs to."""
    first, second = (
        store.frame(k, cv2.IMREAD_GRAYSCALE)
        for k in (index, index + store.spec.step)
    )
    height, width = flow.shape[:2]
    if first.shape != (height, width):
        first, second = (
            cv2.resize(x, (width, height), interpolation=cv2.INTER_AREA)
            for x in (first, second)
        )
    true = estimators.get(_REFERENCE)(first, second)
    speed = np.hypot(true[..., 0], true[..., 1])
    change = cv2.blur(cv2.absdiff(first, second), (3, 3))
    sums, pixels = photometry.errors(first, second, flow)
    return {
        "moving": float(np.mean(change > _CHANGED)),
        "rest": flow[(speed < _RESTING) & (change < _SAME)].ravel(),
        "spread": float(np.ptp(flow)),
        "middle": float(np.median(flow)),
        "sums": sums,
        "pixels": pixels,
    }


def _judge(facts: FlowFacts, compared: list[dict], store: Store) -> None:
    gain, zero = codec.affine(store.spec)
    moving = np.mean([each["moving"] for each in compared]) > _SHARE
    flat = all(_is_flat(each, store) for each in compared)
    facts.dead = bool(moving and flat)
    if facts.dead:
        return
    rest = np.concatenate([each["rest"] for each in compared])
    if len(rest) >= _PIXELS:
        facts.rest = float(np.median(rest) * gain + zero)
    facts.verdict = photometry.verdict(
        np.sum([each["sums"] for each in compared], axis=0),
        sum(each["pixels"] for each in compared),
    )


def _is_flat(field: dict[str, Any], store: Store) -> bool:
    """Whether a field is one level: that of no motion, or black or white."""
    level = 1.5 / codec.affine(store.spec)[0]
    middle = abs(field["middle"])
    ends = middle < level or middle > store.spec.bound - level
    return ends and field["spread"] < level
