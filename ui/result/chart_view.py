"""Charts on the page: figures handed to one component that draws them with plotly.js and updates them in place.

Chosen: a component with a key of its place, because `st.plotly_chart` makes a figure's content part of the element's
identity: every new result would take its charts down and build new ones, with a flicker and without the zoom that the
reader had set. The component gets the figures as JSON texts, so that an unchanged one is seen at a glance; plotly.js
comes from the application's own route (`ui.shell.assets`).
Left out: how a figure is made, which is `charts`, and its theme, which the browser knows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go
import streamlit as st

import charting
from ui.shell.assets import LOADER, asset_url

# Not isolated: plotly.js writes its style rules into the document.
_draw = st.components.v2.component("tontine_charts", html="<span hidden></span>", js=LOADER, isolate_styles=False)

Range = tuple[Any, Any]


@dataclass(frozen=True, slots=True)
class DrawnChart:
    """A figure ready for the browser.

    `key` names its place among the charts of a result, never its run; `spec` is the figure as JSON. `refine` says
    that the server has more points than were drawn, so that the range shown is wanted back.
    """

    key: str
    alt: str
    spec: str
    config: Mapping[str, Any]
    height: int
    wide: bool = False
    cells: bool = False
    refine: bool = False


def draw_chart(
    figure: go.Figure, *, key: str, alt: str, image_name: str, wide: bool = False, refine: bool = False
) -> DrawnChart:
    """Return a figure as the browser takes it, with its accessible name and the name of its image."""
    return DrawnChart(
        key=key,
        alt=alt,
        spec=figure.to_json(),
        config=charting.chart_config(image_name),
        height=int(figure.layout.height or charting.HEIGHT),
        wide=wide,
        # Cells with numbers keep the width to read them: on a phone such a chart is moved sideways, as a table is.
        cells=charting.has_many_cells(figure),
        refine=refine,
    )


def show_charts(drawn: Sequence[DrawnChart], *, key: str) -> None:
    """Show charts in a grid; a result shown later under the same key updates them in place.

    Args:
        drawn: in order; their keys are unique.
        key: of the component: the model and the place on the page.
    """
    _draw(
        key=key,
        data={
            "module": asset_url("charts.js"),
            "library": asset_url("plotly.min.js"),
            "charts": [
                {
                    "key": one.key,
                    "alt": one.alt,
                    "spec": one.spec,
                    "config": dict(one.config),
                    "height": one.height,
                    "wide": one.wide,
                    "cells": one.cells,
                    "refine": one.refine,
                }
                for one in drawn
            ],
        },
        on_ranges_change=_keep,
    )


def shown_range(key: str, chart: str) -> Range | None:
    """Return the range of x that a chart shows now, as its axis has it; None where it shows everything."""
    state = st.session_state.get(key) or {}
    found = (state.get("ranges") or {}).get(chart)
    return (found[0], found[1]) if isinstance(found, list) and len(found) == 2 else None


def _keep() -> None:
    """Do nothing: the range is in the component's state, and the rerun draws with it."""
