"""Where a result came from, on the page: its inputs and everything that the run records.

Left out: the words, which are `engine.report.provenance`.
"""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from contract.fields import Field
from contract.manifest import Manifest
from contract.result import Column
from contract.run import Run
from engine.report.provenance import PYTHON, SHORT, input_rows, is_rows, provenance_rows, value_text
from ui.result.tables import column_config, to_dataframe
from ui.shell.markup import escape
from ui.shell.time_zone import session_zone


def show_provenance(run: Run, manifest: Manifest | None = None) -> None:
    """Show the inputs a run had and everything recorded about it.

    Args:
        run: live or finished.
        manifest: of the run's version, for labels and units; without it keys stand for themselves.
    """
    fields: Mapping[str, Field] = manifest.inputs if manifest is not None else {}
    if run.inputs:
        st.markdown("**Inputs**")
        rows = input_rows(run.inputs, fields)
        st.dataframe(
            pd.DataFrame(rows),
            hide_index=True,
            height="content",
            column_config={"Input": st.column_config.TextColumn(width="medium")},
            alt="Inputs of the run",
        )
        for key, value in run.inputs.items():
            if is_rows(value):
                _table_rows(key, value, fields.get(key))
    st.markdown("**Provenance**")
    st.table(
        {k: escape(v) for k, v in provenance_rows(run, manifest, zone=session_zone()).items()},
        border="horizontal",
        width="content",
    )
    with st.container(horizontal=True, gap="small"):
        with st.popover(f"Version {run.version[:SHORT]}", icon=":material/fingerprint:"):
            st.caption("The content hash in full: equal code has an equal hash.")
            st.code(run.version, language=None, wrap_lines=True)
        with st.popover("Inputs as JSON", icon=":material/data_object:"):
            st.code(json.dumps(run.inputs, ensure_ascii=False, indent=2)[:100_000], language="json")
    if run.environment:
        packages = ", ".join(f"{k} {v}" for k, v in run.environment.items() if k not in PYTHON)
        st.caption(escape(f"Packages: {packages}"))


def _table_rows(key: str, rows: list[Mapping[str, Any]], field: Field | None) -> None:
    keys = list(dict.fromkeys(k for row in rows for k in row))
    inner = field.columns if field is not None else {}
    columns = [Column(k, inner[k].label if k in inner else k, inner[k].unit if k in inner else None) for k in keys]
    data = {k: [row.get(k) for row in rows] for k in keys}
    with st.popover(escape(f"{field.label if field else key}: {value_text(rows)}"), icon=":material/table_rows:"):
        st.dataframe(to_dataframe(columns, data), hide_index=True, column_config=column_config(columns, data))
