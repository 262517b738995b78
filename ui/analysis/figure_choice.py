"""The figure that an analysis is shown for: chosen among those that its results have, and kept in the address.

Left out: figures that are no numbers.
"""

from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from contract.currency import unit_in
from contract.manifest import Manifest
from contract.result import Metric
from contract.run_group import GroupPoint
from engine.analysis.figures import figure_labels, figure_metric
from ui.shell.currency import session_currency

KEY = "figure"


def choose_figure(points: Sequence[GroupPoint], manifest: Manifest) -> tuple[str, Metric] | None:
    """Draw the choice and return the label with its unit; None while no result has a number."""
    labels = figure_labels(points, manifest)
    if not labels:
        return None
    wanted = st.query_params.get(KEY)
    at = labels.index(wanted) if wanted in labels else 0
    chosen = st.selectbox("Figure", labels, index=at, key="group-figure") if len(labels) > 1 else labels[0]
    if chosen != wanted and (wanted is not None or chosen != labels[0]):
        st.query_params[KEY] = chosen
    metric = figure_metric(points, chosen, manifest.outputs)
    return chosen, replace(metric, unit=unit_in(metric.unit, session_currency(), follows=metric.currency))
