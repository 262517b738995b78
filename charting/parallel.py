"""Parallel coordinates: many runs over inputs and figures at once.

Chosen: an axis for each number and for each input of few options; what all runs have in common and what is neither is
left out. The baseline's line has a colour of its own.
Left out: which runs, which the caller chooses.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

from charting import base, palette

MOST_AXES = 12
MOST_OPTIONS = 12
LONGEST = 22  # letters of an axis's name
LEVEL_LABELS = 4  # axes whose names have room side by side
LABEL_ANGLE = 30  # degrees


@dataclass(frozen=True, slots=True)
class Axis:
    """An input or a figure, with its value in each run."""

    label: str
    values: tuple[Any, ...]


def choose(axes: Sequence[Axis]) -> list[Axis]:
    """Return the axes that can be drawn, at most twelve: numbers in all runs, or texts of few kinds."""
    return [axis for axis in axes if _is_drawn(axis)][:MOST_AXES]


def parallel_figure(axes: Sequence[Axis], *, baseline: int, dark: bool | None = None) -> go.Figure:
    """Draw each run as a line over the axes, in their order.

    Args:
        axes: from `choose`.
        baseline: the place of the run whose line has a colour of its own.
        dark: as in `charting.figure`.
    """
    count = len(axes[0].values)
    trace = {
        "type": "parcoords",
        "dimensions": [_dimension(axis) for axis in axes],
        "line": {
            "color": [1.0 if place == baseline else 0.0 for place in range(count)],
            "colorscale": [[0, palette.SEQUENTIAL[4]], [1, palette.FALL]],
            "cmin": 0,
            "cmax": 1,
        },
        "labelfont": {"size": 12},
        "tickfont": {"size": 11},
    }
    top, right = 60, 60
    if len(axes) > LEVEL_LABELS:  # names side by side would lie over each other
        trace |= {"labelangle": -LABEL_ANGLE}
        top, right = 120, 120
    return base.make_figure([trace], dark=dark, legend=False, margin={"l": 60, "r": right, "t": top, "b": 24})


def _is_drawn(axis: Axis) -> bool:
    if all(_is_number(value) for value in axis.values):
        return True
    texts = {value for value in axis.values if isinstance(value, str | bool)}
    return all(isinstance(value, str | bool) for value in axis.values) and 1 < len(texts) <= MOST_OPTIONS


def _dimension(axis: Axis) -> dict[str, Any]:
    label = axis.label if len(axis.label) <= LONGEST else axis.label[: LONGEST - 1].rstrip() + "…"
    if all(_is_number(value) for value in axis.values):
        return {"label": base.escape_html(label), "values": [float(value) for value in axis.values]}
    options = list(dict.fromkeys(axis.values))
    return {
        "label": base.escape_html(label),
        "values": [options.index(value) for value in axis.values],
        "tickvals": list(range(len(options))),
        "ticktext": [base.escape_html(str(option)) for option in options],
    }


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
