"""Samples that a page plays: frames, and the flow fields of each."""

from keras_twostream.report import sheets
from keras_twostream.report.page import facts_list, text
from keras_twostream.report.sheets import Sample

STYLE = """
.samples { display: grid; gap: 16px; align-items: start;
  grid-template-columns: repeat(auto-fill, minmax(min(360px, 100%), 1fr)); }
.samples .card { margin: 0; min-width: 0; }
.name { font-size: .9rem; overflow-wrap: anywhere; }
.views { display: grid; grid-auto-flow: column; grid-auto-columns: 1fr;
  gap: 8px; margin: 10px 0 6px; }
.view { background-repeat: no-repeat; width: 100%; cursor: pointer; }
.views span { color: var(--quiet); font-size: .78rem; }
.bar { display: flex; gap: 10px; align-items: center; }
.bar input { flex: 1; min-width: 0; accent-color: var(--link); }
.bar output { color: var(--quiet); font-size: .8rem; min-width: 8.5em;
  text-align: right; font-variant-numeric: tabular-nums; }
button { font: inherit; font-size: .9rem; padding: 4px 12px; cursor: pointer;
  border: 1px solid var(--line); border-radius: 6px; background: var(--code);
  color: var(--ink); min-width: 5.2em; }
.legend { display: flex; gap: 14px; align-items: center; }
.legend img { width: 72px; height: 72px; flex: none; border: 0;
  border-radius: 50%; }
.top { display: flex; gap: 12px 28px; flex-wrap: wrap; align-items: center;
  margin: 14px 0; }
.samples .facts { margin: 10px 0 0; font-size: .85rem; gap: 4px 12px;
  grid-template-columns: 1fr 1fr; }
"""

# A step is one field of one stack; the frame of the stack stands meanwhile.
SCRIPT = """
'use strict';
const still = matchMedia('(prefers-reduced-motion: reduce)').matches;
const players = [...document.querySelectorAll('.player')].map(box => {
  const [frames, fields] = [+box.dataset.frames, +box.dataset.fields];
  const bar = box.querySelector('input'), told = box.querySelector('output');
  const share = (part, of) => of > 1 ? 100 * part / (of - 1) + '%' : '0%';
  const player = { plays: false };
  player.show = step => {
    const row = Math.floor(step / fields), column = step % fields;
    bar.value = step;
    told.value = `frame ${row + 1}/${frames}, field ${column + 1}/${fields}`;
    for (const view of box.querySelectorAll('.view')) {
      const isFlow = view.dataset.kind.startsWith('flow');
      const x = isFlow ? share(column, fields) : '0%';
      view.style.backgroundPosition = x + ' ' + share(row, frames);
    }
  };
  player.next = () => player.show((+bar.value + 1) % (frames * fields));
  bar.addEventListener('input', () => {
    player.plays = false; player.show(+bar.value);
  });
  for (const view of box.querySelectorAll('.view'))
    view.addEventListener('click', () => { player.plays = !player.plays; });
  player.show(0);
  player.plays = !still;
  return player;
});
const button = document.getElementById('play');
const label = () => {
  button.textContent = players.some(p => p.plays) ? 'Pause' : 'Play';
};
button.addEventListener('click', () => {
  const plays = !players.some(p => p.plays);
  for (const player of players) player.plays = plays;
  label();
});
setInterval(() => {
  for (const player of players) if (player.plays) player.next();
  label();
}, 120);
"""


def legend(scale: float) -> str:
    """Returns the key to the colours of flow, as HTML.

    Args:
        scale: Speed of full colour, in pixels per step, see `scale_of`.
    """
    return (
        f'<div class="legend"><img src="{sheets.wheel()}" alt="colour wheel">'
        f"<div>The rim of the wheel is {scale:.1f} pixels per step.<br>"
        '<span class="quiet">Right is red, down yellow, left blue, up violet, '
        "rest white. Faster is darker.</span></div></div>"
    )


def player(sample: Sample, scale: float, more: str = "") -> str:
    """Returns a sample that is played, as HTML.

    Args:
        sample: The sample.
        scale: Speed of full colour in pixels per step.
        more: HTML below its title.
    """
    frames, fields = sample.shape
    views = []
    if sample.rgb is not None:
        sheet = sheets.frames_sheet(sample)
        views.append(_view("RGB", sheet, sample.rgb.shape, 1))
    if sample.heat and "rgb" in sample.heat:
        sheet = sheets.frames_sheet(sample, heated=True)
        views.append(_view("RGB: evidence", sheet, sample.rgb.shape, 1))
    if sample.flow is not None:
        sheet = sheets.flow_sheet(sample, scale)
        views.append(_view("flow", sheet, sample.flow.shape, fields))
    if sample.heat and "flow" in sample.heat:
        sheet = sheets.flow_sheet(sample, scale, heated=True)
        views.append(_view("flow: evidence", sheet, sample.flow.shape, fields))
    last = frames * fields - 1
    label = text(sample.label or "no label")
    group = f" (group {text(sample.group)})" if sample.group else ""
    return (
        f'<section class="card player" data-frames="{frames}" '
        f'data-fields="{fields}"><h2>{label}</h2>'
        f'<div class="name quiet">{text(sample.name)}{group}</div>{more}'
        f'<div class="views">{"".join(views)}</div>'
        f'<div class="bar"><input type="range" min="0" max="{last}" value="0" '
        f'aria-label="step"><output></output></div>'
        f"{facts_list(sample.facts())}</section>"
    )


def _view(name: str, sheet: str, shape: tuple[int, ...], columns: int) -> str:
    rows, height, width = shape[:3]
    return (
        f'<div><div class="view" data-kind="{name}" role="img" '
        f'aria-label="{name}" style="aspect-ratio: {width} / {height}; '
        f"background-size: {100 * columns}% {100 * rows}%; "
        f"background-image: url('{sheet}')\"></div><span>{name}</span></div>"
    )
