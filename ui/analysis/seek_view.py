"""A goal seek: what it found, in a sentence, and each step as it comes."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from contract.manifest import Manifest
from contract.number_format import format_number
from contract.result import Chart
from contract.run_group import GroupPoint, GroupStatus, RunGroup
from engine.analysis.figures import figure_metric, figure_of
from engine.analysis.root import Ending
from engine.analysis.start_seek import seek_words
from ui.analysis.chart import show_chart
from ui.analysis.points_table import open_run, show_failures
from ui.shell.markup import escape
from ui.shell.session_format import current_format

DIGITS = 8  # significant digits of what was found


def show_seek(group: RunGroup, points: Sequence[GroupPoint], manifest: Manifest) -> None:
    """Show a goal seek as far as it has come."""
    wanted = group.definition
    field, label = manifest.inputs[wanted["input"]], wanted["figure"]
    metric = figure_metric(points, label, manifest.outputs)
    st.markdown(
        f"**{escape(field.title)}** from {_number(wanted['from'])} to {_number(wanted['to'])} at which "
        f"**{escape(label)}** is **{_number(wanted['target'])}**"
    )
    if group.status is GroupStatus.FINISHED:
        words = escape(seek_words(group, _number, f" {field.unit}" if field.unit else ""))
        if (group.outcome or {}).get("ending") == Ending.REACHED:
            st.success(words, icon=":material/target:")
        else:
            st.warning(words, icon=":material/target:")
    found = [(p, p.changes[field.key], figure_of(p.summary, label)) for p in points]
    ordered = sorted((x, y) for _, x, y in found if y is not None)
    if ordered:
        xs = [x for x, _ in ordered]
        series = [
            {"name": label, "y": [y for _, y in ordered]},
            {"name": "Target", "y": [wanted["target"]] * len(xs)},
        ]
        show_chart(
            Chart("line", label, {"x": xs, "series": series}, x_label=field.title, y_label=label, unit=metric.unit),
            key="seek",
            wide=True,
        )
    table = pd.DataFrame(
        {
            "Step": [p.number + 1 for p, _, _ in found],
            field.title: [x for _, x, _ in found],
            label: [y for _, _, y in found],
            "From the target": [None if y is None else y - wanted["target"] for _, _, y in found],
        }
    )
    open_run(table, points, key="steps")
    show_failures(points)


def _number(value: float) -> str:
    return format_number(float(f"{value:.{DIGITS}g}"), current_format())
