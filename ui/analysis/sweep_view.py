"""A sweep's figures: a line, a heat map or a surface, and a table whose rows open their runs.

Left out: how the charts' data is made, which is `engine.analysis.sweep_charts`.
"""

from collections.abc import Sequence

import streamlit as st

from contract.manifest import Manifest
from contract.run import Status
from contract.run_group import GroupPoint, RunGroup
from engine.analysis.compare import LEAST_RUNS, MOST_RUNS
from engine.analysis.sweep_charts import offered_charts, sweep_chart
from ui.analysis.chart import show_chart
from ui.analysis.figure_choice import choose_figure
from ui.analysis.points_table import show_failures, show_points
from ui.shell import sitemap


def show_sweep(group: RunGroup, points: Sequence[GroupPoint], manifest: Manifest) -> None:
    """Show a sweep as far as it has come."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        chosen = choose_figure(points, manifest)
        kinds = offered_charts(group)
        kind = kinds[0]
        if len(kinds) > 1 and chosen is not None:
            kind = st.segmented_control("Chart", kinds, default=kinds[0], key="sweep-kind", required=True)
    if chosen is not None:
        label, metric = chosen
        show_chart(sweep_chart(group, points, manifest, metric, label, kind), key="sweep", wide=True)
    elif group.final:
        st.info("No result of this sweep has a number in its summary.")
    _show_compare_link(points)
    show_failures(points)
    show_points(points, manifest)


def _show_compare_link(points: Sequence[GroupPoint]) -> None:
    """Offer the comparison of the runs of saved scenarios, the first of them the baseline."""
    ids = [str(p.run_id) for p in points if p.name and p.status is Status.SUCCESS]
    if LEAST_RUNS <= len(ids) <= MOST_RUNS:
        st.page_link(
            sitemap.make_page("compare"),
            label="Compare the scenarios",
            icon=":material/compare_arrows:",
            query_params={"runs": ",".join(ids), "baseline": ids[0]},
        )
