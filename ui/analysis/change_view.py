"""An analysis of change: the waterfall of a figure from one run to the other, in an order or on average over orders."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from contract.manifest import Manifest
from contract.run_group import GroupPoint, RunGroup
from engine.analysis.attribution import EXACT
from engine.analysis.change import waterfall_chart, way_along, way_on_average
from ui.analysis.chart import show_chart
from ui.analysis.figure_choice import choose_figure
from ui.analysis.points_table import figure_column, show_failures, show_points
from ui.shell import sitemap

IN_ORDER, ON_AVERAGE = "In order", "Average over orders"


def show_change(group: RunGroup, points: Sequence[GroupPoint], manifest: Manifest) -> None:
    """Show an analysis of change as far as it has come."""
    wanted = group.definition
    with st.container(horizontal=True, vertical_alignment="center"):
        for name, key in (("First run", "before"), ("Second run", "after")):
            st.page_link(
                sitemap.make_page("run"), label=name, icon=":material/query_stats:", query_params={"id": wanted[key]}
            )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = choose_figure(points, manifest)
        shown = IN_ORDER
        if wanted["average"]:
            shown = st.segmented_control(
                "Steps", [IN_ORDER, ON_AVERAGE], default=ON_AVERAGE, key="change-steps", required=True
            )
    order = wanted["inputs"]
    if shown == IN_ORDER and len(order) > 1:
        exact = wanted["average"] and len(order) <= EXACT
        if exact:
            order = _choose_order(order, manifest)
        st.caption(
            "A step shows what its input adds after those before it: in another order the steps differ, not the ends."
        )
    elif shown == ON_AVERAGE:
        count = len(wanted["orders"])
        how = f"over {count} orders drawn at random, with its standard error" if count else "over all orders"
        st.caption(f"A step shows what its input adds on average {how} (the Shapley value).")
    if chosen is not None:
        label, metric = chosen
        if shown == ON_AVERAGE:
            way = way_on_average(group, points, manifest, label)
        else:
            way = way_along(group, points, manifest, label, order)
        if way is not None:
            show_chart(
                waterfall_chart(way, metric.label, metric.unit, ("First run", "Second run")), key="change", wide=True
            )
            table: dict[str, list[object]] = {
                "Step": ["First run", *(step.label for step in way.steps)],
                "Adds": [None, *(step.amount for step in way.steps)],
                f"{metric.label} after it": [way.start, *(step.figure for step in way.steps)],
            }
            if shown == ON_AVERAGE and wanted["orders"]:
                table["Standard error"] = [None, *(step.error for step in way.steps)]
            written = figure_column(metric, [way.start, *(step.figure for step in way.steps)])
            config = dict.fromkeys([*table][1:], written)
            st.dataframe(pd.DataFrame(table), hide_index=True, column_config=config, placeholder="")
    show_failures(points)
    with st.expander("Runs"):
        show_points(points, manifest)


def _choose_order(order: Sequence[str], manifest: Manifest) -> list[str]:
    """Draw the choice of an order; every order's runs are there, so that none is run anew."""
    picked = st.multiselect(
        "Order",
        order,
        default=order,
        format_func=lambda key: manifest.inputs[key].label if key in manifest.inputs else key,
        key="change-order",
        help="Remove inputs and add them again in the order in which to switch them",
    )
    return [*picked, *(key for key in order if key not in picked)]
