"""A run as a tool's answer: structured, and the same as text, both bounded whatever the model returned.

Chosen: the first rows of each table and evenly spaced points of each series, each with how many of how many are shown;
the run's page and the tool `get_table` have the rest. Clients differ in which of the two forms a reader is given, so
each says all.
Left out: charts, of which a reader is told the titles.
"""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from mcp_types import CallToolResult, TextContent

from contract.manifest import Manifest
from contract.problems import Problem
from contract.result import Result, Series, Table, parse_result
from engine.runs.follow import Snapshot

MOST_TABLES = 12
MOST_COLUMNS = 30
TABLE_ROWS = 20
MOST_SERIES = 12
SERIES_POINTS = 40
LONGEST_TEXT = 400  # characters of a cell or a figure
LONGEST_NOTES = 4_000  # characters of notes, and of a log's end


def success(content: Mapping[str, Any], text: str) -> CallToolResult:
    """Return an answer in both forms."""
    return CallToolResult(content=[TextContent(text=text)], structured_content=dict(content))


def failure(error: str, problems: Sequence[Problem] = (), **more: Any) -> CallToolResult:
    """Return an error of a tool: what happened, and each problem with where, what was found and what to do."""
    content = {"error": error, "problems": [problem.as_dict() for problem in problems], **more}
    text = "\n".join([f"{error[:1].upper()}{error[1:]}.", *(f"- {problem}" for problem in problems)])
    return CallToolResult(content=[TextContent(text=text)], structured_content=content, is_error=True)


def run_answer(now: Snapshot, manifest: Manifest, server: str) -> CallToolResult:
    """Return a run as it is; one that ended without success is an error of the tool.

    Args:
        now: the run.
        manifest: of the version that it is of.
        server: the application's address without a slash at its end.
    """
    content = run_content(now, manifest, server)
    failed = now.final and now.run.status != "SUCCESS"
    problems = list(now.run.problems)
    text = run_text(content)
    if failed:
        content = {"error": f"the run is {now.run.status}", "problems": [p.as_dict() for p in problems], **content}
    return CallToolResult(content=[TextContent(text=text)], structured_content=content, is_error=failed)


def run_content(now: Snapshot, manifest: Manifest, server: str) -> dict[str, Any]:
    """Return a run as structured content."""
    run = now.run
    result = parse_result(now.shown, manifest.outputs)
    content: dict[str, Any] = {
        "run_id": str(run.id),
        "model": run.app_slug,
        "status": str(run.status),
        "url": f"{server}/run?id={run.id}",
        "version": run.version,
        "reason": run.reason,
        "progress": run.progress,
        "message": run.message,
        "runs_ahead": now.place,
        "reused_from": str(run.reused_from) if run.reused_from else None,
        "problems": [problem.as_dict() for problem in run.problems] or None,
        "warnings": [*run.warnings, *result.warnings] or None,
    }
    if run.status == "FAILED" and run.traceback:
        content["traceback"] = run.traceback[-LONGEST_NOTES:]
    content = {key: value for key, value in content.items() if value is not None}
    return content | _result_content(result, run_id=str(run.id), server=server)


def rows_content(columns: Sequence[str], rows: Sequence[Sequence[Any]], total: int | None) -> dict[str, Any]:
    """Return rows of a table with their number; `total` is None where nobody has counted them."""
    return {
        "columns": list(columns[:MOST_COLUMNS]),
        "rows": [[_short(cell) for cell in row[:MOST_COLUMNS]] for row in rows],
        "shown": len(rows),
        **({} if total is None else {"total": total}),
        **({"columns_left_out": len(columns) - MOST_COLUMNS} if len(columns) > MOST_COLUMNS else {}),
    }


def rows_text(content: Mapping[str, Any]) -> str:
    """Return rows as lines with bars between the cells, the labels first."""
    lines = [content["columns"], *content["rows"]]
    return "\n".join(" | ".join("" if cell is None else str(cell) for cell in line) for line in lines)


def run_text(content: Mapping[str, Any]) -> str:
    """Return a run's structured content as text."""
    lines = [f"{content['model']}: {content['status']}", f"Run: {content['url']}"]
    if "reason" in content:
        lines.append(f"Reason: {content['reason']}")
    if content["status"] in {"PENDING", "RUNNING"}:
        ahead = f" ({content['runs_ahead']} runs ahead)" if content.get("runs_ahead") else ""
        lines.append(f"It has not ended yet{ahead}; ask again with get_run.")
    lines += [f"- {p['where']}: {p['found']}. {p['remedy']}" for p in content.get("problems", ())]
    lines += [f"Warning: {warning}" for warning in content.get("warnings", ())]
    if content.get("summary"):
        lines += ["", "Summary:"]
        for label, figure in content["summary"].items():
            unit = f" {figure['unit']}" if figure.get("unit") else ""
            lines.append(f"- {label}: {figure['value']}{unit}")
    for kind in ("tables", "series"):
        word = "Table" if kind == "tables" else "Series"
        rows = "rows" if kind == "tables" else "points"
        for name, part in content.get(kind, {}).items():
            lines += ["", f"{word} {name} ({part['shown']:,} of {part['total']:,} {rows} shown):"]
            if part["shown"]:
                lines.append(rows_text(part))
    for key, label in (("charts", "Charts on the page"), ("more", "Also on the page")):
        if content.get(key):
            lines += ["", f"{label}: {', '.join(content[key])}"]
    if content.get("media"):
        lines += ["", "Media:", *(f"- {one['title']}: {one.get('url', 'not stored')}" for one in content["media"])]
    if content.get("files"):
        lines += ["", "Files:", *(f"- {name}: {url}" for name, url in content["files"].items())]
    if content.get("notes"):
        lines += ["", content["notes"]]
    if content.get("traceback"):
        lines += ["", content["traceback"]]
    return "\n".join(lines)


def _result_content(result: Result, *, run_id: str, server: str) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if result.summary:
        content["summary"] = {
            metric.label: {"value": _short(metric.value), **({"unit": metric.unit} if metric.unit else {})}
            for metric in result.summary
        }
    if result.tables:
        content["tables"] = {
            table.name: _table_content(table, TABLE_ROWS if number < MOST_TABLES else 0)
            for number, table in enumerate(result.tables)
        }
    if result.series:
        content["series"] = {}
        for number, series in enumerate(result.series):
            name = series.name if series.name not in content["series"] else f"{series.name} ({number + 1})"
            content["series"][name] = _series_content(series, SERIES_POINTS if number < MOST_SERIES else 0)
    if result.charts:
        content["charts"] = [chart.title for chart in result.charts]
    base = f"{server}/api/runs/{run_id}/files"
    if result.media:
        content["media"] = [
            {"title": m.title, "alt": m.alt, **({"type": m.type, "url": f"{base}/{quote(m.file)}"} if m.file else {})}
            for m in result.media
        ]
    if result.files:
        content["files"] = {name: f"{base}/{quote(name, safe='')}" for name in result.files}
    if result.notes:
        content["notes"] = _short(result.notes, LONGEST_NOTES)
    if result.extras:
        content["more"] = list(result.extras)
    return content


def _table_content(table: Table, most: int) -> dict[str, Any]:
    columns = [list(table.data[column.key][:most]) for column in table.columns]
    rows = list(zip(*columns, strict=True))
    return rows_content([column.title for column in table.columns], rows, table.rows)


def _series_content(series: Series, most: int) -> dict[str, Any]:
    held = len(series.x)  # all of its points, or the first ones of a long series
    chosen = _spread(held, most)
    parts = {"x": series.x, "y": series.y, "lower": series.lower, "upper": series.upper}
    kept = {key: values for key, values in parts.items() if values is not None}
    rows = [[values[i] for values in kept.values()] for i in chosen]
    content = rows_content(list(kept), rows, series.rows)
    if series.rows > held:
        content["of_the_first"] = held
    if series.unit:
        content["unit"] = series.unit
    return content


def _spread(count: int, most: int) -> list[int]:
    """Return at most `most` evenly spaced positions of `count`, the first and the last among them."""
    if count <= most or most == 0:
        return list(range(min(count, most)))
    return [round(i * (count - 1) / (most - 1)) for i in range(most)]


def _short(value: Any, longest: int = LONGEST_TEXT) -> Any:
    if isinstance(value, str) and len(value) > longest:
        return f"{value[:longest]}... ({len(value):,} characters)"
    return value
