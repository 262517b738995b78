"""Where a result came from, in words: the inputs it ran with, the version, the seed, who, when, on what.

Chosen: everything the run records, in the form's own words and units, so that a reader can repeat it elsewhere; the
page and the PDF say the same.
Left out: the model's source and references, which are on its page.
"""

import json
from collections.abc import Mapping
from datetime import UTC, tzinfo
from typing import Any

from charting import number_formats
from contract import readable
from contract.fields import Field
from contract.manifest import Manifest
from contract.run import Run

SHORT = 12
PYTHON = ("python", "Python")


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
    if is_rows(value):
        return f"{number_formats.format_count(len(value))} row{'' if len(value) == 1 else 's'}"
    if isinstance(value, list):
        joint = " to " if field is not None and field.type == "range" else ", "
        return joint.join(value_text(v, field) for v in value) or "none"
    for option in field.options if field is not None else ():
        if option.value == value and isinstance(option.value, bool) == isinstance(value, bool):
            return option.label
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int | float):
        return number_formats.format_exact(value)
    if isinstance(value, str):
        return number_formats.format_day(value) if field is not None and field.type == "date" else value
    return str(value["name"]) if isinstance(value, Mapping) and value.get("name") else json.dumps(value)


def provenance_rows(run: Run, manifest: Manifest | None = None, *, zone: tzinfo = UTC) -> dict[str, str]:
    """Return what is recorded about a run, in words; what is not known is left out."""
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
        "Queued": readable.timestamp(run.queued_at, zone),
        "Started": readable.timestamp(run.started_at, zone) if run.started_at else None,
        "Finished": readable.timestamp(run.finished_at, zone) if run.finished_at else None,
        "Duration": readable.duration(seconds) if seconds is not None else None,
        "Processor time": readable.duration(run.cpu_seconds) if run.cpu_seconds is not None else None,
        "Peak memory": readable.file_size(run.peak_memory) if run.peak_memory is not None else None,
        "Worker": run.worker,
        "Attempt": str(run.attempt) if run.attempt > 1 else None,
        "Python": next((run.environment[k] for k in PYTHON if k in run.environment), None),
    }
    return {k: v for k, v in found.items() if v}


def is_rows(value: Any) -> bool:
    """Say whether an input's value is the rows of a table."""
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)
