"""A sensitivity's figures: the tornado, the table behind it, and a curve for each input where more points were run."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from contract.manifest import Manifest
from contract.run_group import GroupPoint, RunGroup
from engine.analysis.figures import figure_of
from engine.analysis.sensitivity import curve_charts, tornado_bars, tornado_chart
from ui.analysis.chart import show_chart, show_chart_grid
from ui.analysis.figure_choice import choose_figure
from ui.analysis.points_table import figure_column, show_failures, show_points


def show_sensitivity(group: RunGroup, points: Sequence[GroupPoint], manifest: Manifest) -> None:
    """Show a sensitivity as far as it has come."""
    chosen = choose_figure(points, manifest)
    if chosen is None:
        if group.final:
            st.info("No result of this sensitivity has a number in its summary.")
    else:
        label, metric = chosen
        percent = group.definition.get("percent")
        reach = "to its bounds" if percent is None else f"{percent:g} % down and up"
        st.caption(
            f"Each input by itself {reach}, the others as they were; the input that moves the figure most on top."
        )
        base = figure_of(points[0].summary, label)
        bars = tornado_bars(group, points, manifest, label)
        chart = tornado_chart(bars, base, metric.label, metric.unit)
        if chart is None and group.final:
            st.info("No input by itself moves this figure.")
        elif chart is not None:
            show_chart(chart, key="tornado", wide=True)
        table = {
            "Input": [bar.label for bar in bars],
            "Low": [bar.low_value for bar in bars],
            "High": [bar.high_value for bar in bars],
            f"{metric.label} at low": [bar.low for bar in bars],
            f"{metric.label} at high": [bar.high for bar in bars],
            "Difference": [None if bar.width < 0 else bar.width for bar in bars],
        }
        written = figure_column(metric, [base, *(v for bar in bars for v in (bar.low, bar.high))])
        # Inputs of every size stand in one column: each with its significant digits.
        value = st.column_config.NumberColumn(format="%.6g")
        config = {"Low": value, "High": value} | dict.fromkeys([*table][3:], written)
        st.dataframe(pd.DataFrame(table), hide_index=True, column_config=config, placeholder="–")
        if group.definition["curve"] > 2:
            show_chart_grid(curve_charts(group, points, manifest, label, metric.label, metric.unit), key="curves")
    show_failures(points)
    with st.expander("Runs"):
        show_points(points, manifest)
