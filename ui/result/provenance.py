"""Where a result came from: the inputs it ran with, the version, the seed, who, when, on what.

Chosen: everything the run records, in the form's own words and units, so that a reader can repeat it elsewhere.
Left out: the model's source and references, which are on its page.
"""

import json
from collections.abc import Mapping
from typing import Any

import pandas as pd
import streamlit as st

from charting import number_formats
from contract.fields import Field
from contract.manifest import Manifest
from contract.result import Column
from contract.run import Run
from ui.result.tables import column_config, to_dataframe
from ui.shell import formatting
from ui.shell.markup import escape
from ui.shell.time_zone import session_zone

SHORT = 12
PYTHON = ("python", "Python")


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
            if _is_rows(value):
                _table_rows(key, value, fields.get(key))
    st.markdown("**Provenance**")
    st.table({k: escape(v) for k, v in provenance_rows(run, manifest).items()}, border="horizontal", width="content")
    with st.container(horizontal=True, gap="small"):
        with st.popover(f"Version {run.version[:SHORT]}", icon=":material/fingerprint:"):
            st.caption("The content hash in full: equal code has an equal hash.")
            st.code(run.version, language=None, wrap_lines=True)
        with st.popover("Inputs as JSON", icon=":material/data_object:"):
            st.code(json.dumps(run.inputs, ensure_ascii=False, indent=2)[:100_000], language="json")
    if run.environment:
        packages = ", ".join(f"{k} {v}" for k, v in run.environment.items() if k not in PYTHON)
        st.caption(escape(f"Packages: {packages}"))


def input_rows(inputs: Mapping[str, Any], fields: Mapping[str, Field]) -> list[dict[str, str]]:
    """Return the inputs in the form's order and words: group, label, value, unit, key."""
    order = [k for k in fields if k in inputs] + [k for k in inputs if k not in fields]
    grouped = any(fields[k].group for k in order if k in fields)
    rows = []
    for key in order:
        field = fields.get(key)
        row = {"Group": (field.group or "") if field else ""} if grouped else {}
        row |= {
            "Input": field.label if field else key,
            "Value": value_text(inputs[key], field),
            "Unit": (field.unit or "") if field else "",
            "Key": key,
        }
        rows.append(row)
    return rows


def value_text(value: Any, field: Field | None = None) -> str:
    """Return an input's value in words; an option by its label, a table by its size."""
    if value is None:
        return "–"
    if _is_rows(value):
        return f"{len(value):,} row{'' if len(value) == 1 else 's'}"
    if isinstance(value, list):
        joint = " to " if field is not None and field.type == "range" else ", "
        return joint.join(value_text(v, field) for v in value) or "none"
    for option in field.options if field is not None else ():
        if option.value == value and isinstance(option.value, bool) == isinstance(value, bool):
            return option.label
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int):
        return number_formats.format_number(value)
    return repr(value) if isinstance(value, float) else value if isinstance(value, str) else json.dumps(value)


def provenance_rows(run: Run, manifest: Manifest | None = None) -> dict[str, str]:
    """Return what is recorded about a run, in words; what is not known is left out."""
    zone = session_zone()
    seconds = run.duration.total_seconds() if run.duration is not None else None
    label = f"{manifest.version} · " if manifest is not None and manifest.version else ""
    found = {
        "Model": f"{run.app_name} ({run.app_slug})",
        "Version": f"{label}{run.version[:SHORT]}",
        "Git commit": run.git_commit[:SHORT] if run.git_commit else None,
        "Run": str(run.id),
        "Reused from": f"run {run.reused_from}" if run.reused_from else None,
        "Seed": str(run.seed),
        "User": run.user,
        "Queued": formatting.timestamp(run.queued_at, zone),
        "Started": formatting.timestamp(run.started_at, zone) if run.started_at else None,
        "Finished": formatting.timestamp(run.finished_at, zone) if run.finished_at else None,
        "Duration": formatting.duration(seconds) if seconds is not None else None,
        "Processor time": formatting.duration(run.cpu_seconds) if run.cpu_seconds is not None else None,
        "Peak memory": formatting.file_size(run.peak_memory) if run.peak_memory is not None else None,
        "Worker": run.worker,
        "Attempt": str(run.attempt) if run.attempt > 1 else None,
        "Python": next((run.environment[k] for k in PYTHON if k in run.environment), None),
    }
    return {k: v for k, v in found.items() if v}


def _is_rows(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _table_rows(key: str, rows: list[Mapping[str, Any]], field: Field | None) -> None:
    keys = list(dict.fromkeys(k for row in rows for k in row))
    inner = field.columns if field is not None else {}
    columns = [Column(k, inner[k].label if k in inner else k, inner[k].unit if k in inner else None) for k in keys]
    data = {k: [row.get(k) for row in rows] for k in keys}
    with st.popover(escape(f"{field.label if field else key}: {value_text(rows)}"), icon=":material/table_rows:"):
        st.dataframe(to_dataframe(columns, data), hide_index=True, column_config=column_config(columns, data))
