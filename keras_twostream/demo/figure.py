"""The demo's picture: a clip as both streams see it, and what comes of it."""

from typing import Any

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_twostream.flow.colors import color_wheel_legend, flow_to_image
from keras_twostream.flow.estimators import get
from keras_twostream.video.reader import read_video

# Column of the comparison -> colour of its bars.
GROUPS = {
    "what_how": ("what x how (4 classes)", "#9bb8d3"),
    "registration": ("registration (2 classes)", "#2b6cb0"),
}


def draw_demo(path, clip, answer, results, names, flow_spec):
    """Draws frame, flow, scores and the comparison of the networks.

    Args:
        path: Path of the PNG file to write.
        clip: Path of the clip to show.
        answer: `[{"label", "score"}, ...]` for the clip.
        results: `demo.DemoResult` of each network.
        names: Network -> what to call it.
        flow_spec: `FlowSpec` of the flow to show.
    """
    figure = Figure(figsize=(11, 7), layout="constrained")
    halves: Any = figure.subfigures(2, 1, height_ratios=(1, 1.05))
    top, bottom = halves
    frame_panel, flow_panel, wheel_panel, scores_panel = top.subplots(
        1, 4, width_ratios=(1, 1, 0.22, 1.1)
    )
    frame, flow = _middle(clip, flow_spec)
    frame_panel.imshow(frame)
    frame_panel.set_title("RGB: one frame")
    flow_panel.imshow(flow_to_image(flow, flow_spec.bound))
    flow_panel.set_title("flow: colour is direction")
    wheel_panel.imshow(color_wheel_legend(64))
    wheel_panel.axis("off")
    for panel in (frame_panel, flow_panel):
        panel.set(xticks=[], yticks=[])
    _draw_scores(scores_panel, answer)
    _draw_comparison(bottom.subplots(), results, names)
    FigureCanvasAgg(figure).print_png(path)


def _middle(clip, flow_spec):
    """Returns the middle frame and the flow from it to the next one."""
    frames = read_video(clip)
    grey = [np.dot(f, (0.299, 0.587, 0.114)).round() for f in frames]
    middle = len(frames) // 2
    pair = (g.astype("uint8") for g in grey[middle : middle + 2])
    return frames[middle], get(flow_spec.algorithm)(*pair)


def _draw_scores(panel, answer):
    labels = [row["label"] for row in answer][::-1]
    scores = [row["score"] for row in answer][::-1]
    panel.barh(labels, scores, color="#2b6cb0")
    panel.set(xlim=(0, 1), title="conv_relu5's scores")
    panel.spines[["top", "right"]].set_visible(False)


def _draw_comparison(panel, results, names):
    places = np.arange(len(results))
    for shift, (key, (label, colour)) in zip(
        (-0.2, 0.2), GROUPS.items(), strict=True
    ):
        shares = [100 * getattr(result, key) for result in results]
        bars = panel.bar(
            places + shift, shares, 0.38, color=colour, label=label
        )
        panel.bar_label(bars, fmt="%.0f %%", padding=2)
    label = "chance in registration"
    panel.axhline(50, color="#888888", linewidth=1, linestyle="--", label=label)
    panel.set_xticks(places, [names[r.network] for r in results])
    panel.set(ylim=(0, 112), ylabel="test clips right, %")
    panel.set_title("Which network can tell which object moves how?")
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(loc="upper left", ncols=1, frameon=False)
