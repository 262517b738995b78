"""The points of a group as a table whose rows open their runs, and why some have no result."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from charting import number_formats
from contract.manifest import Manifest
from contract.result import Metric
from contract.run import Status
from contract.run_group import GroupPoint
from engine.analysis.figures import figure_labels, figure_metric
from engine.analysis.sweep_charts import columns_of
from ui.shell import sitemap
from ui.shell.formatting import STATUS
from ui.shell.markup import escape

SHOWN_REASONS = 5


def show_points(points: Sequence[GroupPoint], manifest: Manifest) -> None:
    """Show the points with the inputs that differ and the figures; choosing a row opens its run."""
    labels = figure_labels(points, manifest)
    columns = columns_of(points, manifest, labels)
    config = {label: figure_column(figure_metric(points, label, manifest.outputs), columns[label]) for label in labels}
    columns["Status"] = [STATUS[p.status].words if p.status else "Waiting" for p in points]
    open_run(pd.DataFrame(columns), points, key="points", config=config)


def figure_column(metric: Metric, values: Iterable[Any]) -> Any:
    """Return how a column of a figure is written: as its model declares, or alike by the largest of its values."""
    fmt, step = number_formats.column_format(metric.format, values)
    return st.column_config.NumberColumn(format=fmt, step=step)


def open_run(
    table: pd.DataFrame, points: Sequence[GroupPoint], *, key: str, config: Mapping[str, Any] | None = None
) -> None:
    """Show a table with a row for each point; choosing a row opens its run. `config` says how columns are written."""
    event = st.dataframe(
        table,
        key=key,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config=config,
        placeholder="–",
    )
    rows = event["selection"]["rows"] if event else []
    if rows and points[rows[0]].run_id is not None:
        st.switch_page(sitemap.make_page("run"), query_params={"id": str(points[rows[0]].run_id)})


def show_failures(points: Sequence[GroupPoint]) -> None:
    """Say why points have no result, each reason once."""
    reasons: dict[str, list[int]] = {}
    for point in points:
        if point.status is not None and point.status.final and point.status is not Status.SUCCESS:
            reasons.setdefault(point.reason or STATUS[point.status].words, []).append(point.number + 1)
    for reason, numbers in list(reasons.items())[:SHOWN_REASONS]:
        count = "Point" if len(numbers) == 1 else f"{len(numbers)} points, the first is point"
        st.error(f"{count} {numbers[0]}: {escape(' '.join(reason.split()))}", icon=":material/error:")
    if len(reasons) > SHOWN_REASONS:
        st.caption(f"{len(reasons) - SHOWN_REASONS} more reasons are in the runs below.")
