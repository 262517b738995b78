"""A result in the three shapes that the MCLAVIER Marketplace's front end draws: `columns`, `table`, `series`.

Chosen: always all three, because its page fails without them; one table and one line, cut to what a page can draw. The
result as our API gives it stands beside them under `full`.
Left out: results of runs that are not successes, which its clients do not expect.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from contract.actor import Actor
from contract.manifest import Manifest
from contract.result import Chart, Result, Series, Table, parse_result
from engine.processes.context import AppContext
from engine.runs.export import whole_series
from engine.runs.follow import Snapshot
from engine.runs.results import read_result_part

MAX_ROWS = 1_000  # of the table
MAX_POINTS = 1_000  # of the line
Point = tuple[Any, Any]


def shape(context: AppContext, now: Snapshot, manifest: Manifest, *, actor: Actor) -> dict[str, Any]:
    """Return a finished run's result for the MCLAVIER Marketplace's clients."""
    result = parse_result(now.shown, manifest.outputs)

    def read_table(table: Table) -> Mapping[str, Sequence[Any]]:
        if table.part is None:
            return table.data
        columns: dict[str, Sequence[Any]] = read_result_part(
            context, now.run.id, table.part, 0, MAX_ROWS, actor=actor
        ).to_pydict()
        return columns

    columns, rows = _first_table(result, read_table)
    points = _first_line(result, lambda series: whole_series(context, now.run.id, series, actor=actor))
    return {
        "columns": columns,
        "table": rows,
        "series": [{"x": x, "y": y} for x, y in _thin(points)],
        "summary": {f"{m.label} ({m.unit})" if m.unit else m.label: m.value for m in result.summary},
        "full": dict(now.shown),
    }


def _first_table(
    result: Result, read: Callable[[Table], Mapping[str, Sequence[Any]]]
) -> tuple[list[str], list[dict[str, Any]]]:
    if not result.tables:
        return [], []
    table = result.tables[0]
    data = read(table)
    height = min(MAX_ROWS, max((len(v) for v in data.values()), default=0))
    keys = [c.key for c in table.columns if c.key in data]
    labels = [c.title for c in table.columns if c.key in data]
    return labels, [{key: data[key][i] for key in keys} for i in range(height)]


def _first_line(result: Result, read: Callable[[Series], Series]) -> list[Point]:
    """Return the points of the first series, or of the first chart that has some where there is no series."""
    if result.series:
        series = read(result.series[0])
        middle = [_middle(*ends) for ends in zip(series.lower or (), series.upper or (), strict=False)]
        return [
            (x, middle[i] if y is None and i < len(middle) else y)
            for i, (x, y) in enumerate(zip(series.x, series.y, strict=False))
        ]
    return next((points for points in map(_chart_points, result.charts) if points), [])


def _middle(low: Any, high: Any) -> Any:
    return None if low is None or high is None else (low + high) / 2


def _chart_points(chart: Chart) -> list[Point]:
    """Return one line of a chart, the one that says the most; a chart whose data does not fit has none."""
    try:
        return [(x, y) for x, y in _line_of(chart) if isinstance(y, int | float)]
    except (AttributeError, IndexError, KeyError, TypeError):
        return []


def _line_of(chart: Chart) -> Iterable[Point]:
    data = chart.data
    match chart.kind:
        case "figure":
            trace = next(
                t for t in (chart.figure or {}).get("data", [{}]) if _is_list(t.get("x")) and _is_list(t.get("y"))
            )
            return zip(trace["x"], trace["y"], strict=False)
        case "bar" | "line" | "scatter":
            first = data["series"][0]
            return zip(first.get("x") or data["x"], first["y"], strict=False)
        case "fan":
            return zip(data["x"], data.get("median") or data["mean"], strict=False)
        case "histogram":
            edges = data["edges"]
            return zip(((a + b) / 2 for a, b in itertools.pairwise(edges)), data["counts"], strict=False)
        case "heatmap" | "surface":
            return zip(data["x"], data["z"][0], strict=False)
        case "triangle":
            return zip(data["columns"], data["values"][0], strict=False)
        case "tornado":
            return ((item["label"], item["high"] - item["low"]) for item in data)
        case "box":
            return ((item["name"], item["median"]) for item in data)
        case _:
            return ((item["label"], item["value"]) for item in data)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _thin(points: list[Point]) -> list[Point]:
    """Return at most `MAX_POINTS` of the points, evenly taken, the last one among them."""
    if len(points) <= MAX_POINTS:
        return points
    return [points[round(i * (len(points) - 1) / (MAX_POINTS - 1))] for i in range(MAX_POINTS)]
