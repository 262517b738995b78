"""What the files of a group of runs and of a comparison hold: its facts, tables, charts and the inputs of its runs.

Chosen: one content for every kind and every form of file, so that a PDF, a workbook and a CSV of one link say the same.
The first table has a row for each run of a group and for each figure of a comparison; it is the CSV and the Parquet.
A group is shown for one figure, as on its page.
Left out: the form of each file, and tables and series of single runs, whose own exports have them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo
from functools import partial
from typing import Any
from uuid import UUID

import charting
from contract import readable
from contract.actor import Actor
from contract.app import AppRef
from contract.currency import manifest_in, unit_in
from contract.errors import NotFoundError, NotReadyError
from contract.manifest import Manifest
from contract.problems import Problem
from contract.result import Chart, Column, Metric, Series
from contract.run_group import GroupKind, GroupPoint, RunGroup
from engine.analysis.change import waterfall_chart, way_along, way_on_average
from engine.analysis.compare import RunComparison, compare, compare_runs, named_series
from engine.analysis.figures import figure_labels, figure_metric, figure_of
from engine.analysis.groups import find_group, list_points
from engine.analysis.impact import impact_histogram, measure_impact
from engine.analysis.point_runner import point_inputs
from engine.analysis.sensitivity import curve_charts, tornado_bars, tornado_chart
from engine.analysis.sweep_charts import columns_of, offered_charts, sweep_chart
from engine.authorization import Action, require
from engine.models.catalogue import find_version
from engine.processes.context import AppContext
from engine.report.charts import ResultChart
from engine.runs.export import whole_series

KIND_TITLES = {
    GroupKind.SWEEP: "Sweep",
    GroupKind.SENSITIVITY: "Sensitivity",
    GroupKind.SEEK: "Goal seek",
    GroupKind.CHANGE: "Analysis of change",
    GroupKind.UPGRADE: "Upgrade impact",
}
MOST_CHARTS = 24
MIXED = ",.8~g"  # of a column with values of every size: eight digits of each
MOST_LINES = 20  # of runs in one chart


@dataclass(frozen=True, slots=True)
class NamedTable:
    """A table of an analysis: its columns, and their values by key."""

    name: str
    columns: tuple[Column, ...]
    data: Mapping[str, Sequence[Any]]

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return max((len(values) for values in self.data.values()), default=0)


@dataclass(frozen=True, slots=True)
class AnalysisContent:
    """An analysis as its files need it.

    `stem` begins their names, `reference` names the analysis in print, `link` is the path of its page; `tables[0]` is
    the main one. `inputs` are those of its runs, in the order of `runs`.
    """

    kind: str
    title: str
    stem: str
    reference: str
    link: str
    user: str
    facts: Mapping[str, str]
    manifest: Manifest
    headline: tuple[Metric, ...]
    notes: tuple[str, ...]
    charts: tuple[ResultChart, ...]
    tables: tuple[NamedTable, ...]
    runs: tuple[str, ...]
    inputs: tuple[Mapping[str, Any], ...]
    status: tuple[str, str] = ("Finished", "good")
    extra: Mapping[str, Any] = field(default_factory=dict)


def group_content(
    context: AppContext,
    group_id: UUID,
    figure: str | None = None,
    *,
    actor: Actor,
    currency: str = "",
    zone: tzinfo = UTC,
) -> AnalysisContent:
    """Return what the files of an ended group hold.

    Args:
        context: the process's application context.
        group_id: the group.
        figure: the summary figure to show it for; the first one without it.
        actor: who asks.
        currency: of amounts whose model names none.
        zone: of its times.

    Raises:
        NotFoundError: there is no such group, or no such figure.
        NotReadyError: it is still going on.
    """
    require(actor, Action.READ_RUNS)
    group = find_group(context, group_id, actor=actor)
    if not group.final:
        raise NotReadyError([Problem("group", f"the group {group_id} has not ended", "Ask for its files when it has.")])
    points = list_points(context, group_id, actor=actor)
    app = AppRef(group.app_id, group.app_slug, group.version)
    manifest = manifest_in(find_version(context, app, group.version, actor=actor).manifest, currency)
    labels = figure_labels(points, manifest)
    if figure is not None and figure not in labels:
        found = f"no result has a number called {figure[:100]!r}"
        raise NotFoundError([Problem("figure", found, f"There are: {', '.join(labels[:20]) or 'none'}.")])
    label = figure or (labels[0] if labels else None)
    metric = _metric(points, label, manifest, currency) if label is not None else None
    tables, charts, notes = [_points_table(points, manifest, labels, currency)], list[ResultChart](), list[str]()
    if label is not None and metric is not None:
        view = _View(context, group, points, manifest, label, metric, actor)
        more, drawn, said = VIEWS[group.kind](view)
        tables, charts, notes = [*more, *tables], drawn, said
        tables = [tables[-1], *tables[:-1]]
    number = str(group.id)[-8:]
    words = f"{group.done:,} of {group.total:,}"
    facts = {
        "Group": str(group.id),
        "Started by": group.user,
        "Started": readable.timestamp(group.created_at, zone),
        "Runs": words + (f", {group.failed:,} without a result" if group.failed else ""),
        "Figure": label or "",
        "Version": f"{manifest.version} · {group.version[:12]}" if manifest.version else group.version[:12],
        "Seed": "" if group.kind is GroupKind.UPGRADE else str(group.definition.get("seed", "")),
        "Currency of amounts": currency,
    }
    return AnalysisContent(
        kind=KIND_TITLES[group.kind],
        title=group.app_name,
        stem=f"{group.app_slug}-{group.kind}-{number}",
        reference=f"{KIND_TITLES[group.kind]} {group.id}",
        link=f"/sweep?id={group.id}",
        user=group.user,
        facts={key: text for key, text in facts.items() if text},
        manifest=manifest,
        headline=(),
        notes=(*group.definition.get("notes", ()), *notes),
        charts=tuple(charts),
        tables=tuple(tables),
        runs=tuple(str(p.run_id or "") for p in points),
        inputs=tuple(point_inputs(group, p) for p in points),
        status=_status(group),
        extra={"id": str(group.id), "kind": str(group.kind), "definition": dict(group.definition)},
    )


def comparison_content(
    context: AppContext,
    ids: Sequence[UUID],
    baseline: UUID | None = None,
    *,
    actor: Actor,
    currency: str = "",
    zone: tzinfo = UTC,
) -> AnalysisContent:
    """Return what the files of a comparison hold; errors as of `engine.analysis.compare.compare_runs`."""
    require(actor, Action.READ_RUNS)
    found = compare_runs(context, ids, baseline, actor=actor)
    # The texts of inputs have units in the reader's currency.
    found = compare([replace(one, manifest=manifest_in(one.manifest, currency)) for one in found.runs], found.baseline)
    first = found.runs[found.baseline]
    order = [found.baseline, *(i for i in range(len(found.runs)) if i != found.baseline)]
    names = [f"{one.name} (baseline)" if i == found.baseline else one.name for i, one in enumerate(found.runs)]
    slug = first.run.app_slug
    ended = [one.run.finished_at for one in found.runs if one.run.finished_at is not None]
    facts = {
        "Runs": f"{len(found.runs):,}",
        "Baseline": str(first.run.id),
        "Last run ended": readable.timestamp(max(ended), zone) if ended else "",
        "Currency of amounts": currency,
    }
    runs = [found.runs[i].run for i in order]
    joined = ",".join(str(one.run.id) for one in found.runs)
    return AnalysisContent(
        kind="Comparison",
        title=" and ".join(dict.fromkeys(one.run.app_name for one in found.runs)),
        stem=f"{slug}-comparison-{str(first.run.id)[-8:]}",
        reference=f"Comparison with run {first.run.id}",
        link=f"/compare?runs={joined}&baseline={first.run.id}",
        user=", ".join(dict.fromkeys(run.user for run in runs)),
        facts={key: text for key, text in facts.items() if text},
        manifest=manifest_in(first.manifest, currency),
        headline=(),
        notes=found.notes,
        charts=tuple(_comparison_charts(context, found, names, currency, actor)),
        tables=tuple(_comparison_tables(found, order, names, currency, zone)),
        runs=tuple(str(run.id) for run in runs),
        inputs=tuple(run.inputs for run in runs),
        extra={"runs": [str(run.id) for run in runs], "baseline": str(first.run.id)},
    )


@dataclass(frozen=True, slots=True)
class _View:
    """A group with what it is shown for."""

    context: AppContext
    group: RunGroup
    points: Sequence[GroupPoint]
    manifest: Manifest
    label: str
    metric: Metric
    actor: Actor


_Parts = tuple[list[NamedTable], list[ResultChart], list[str]]


def _sweep(view: _View) -> _Parts:
    kind = offered_charts(view.group)[0]
    chart = sweep_chart(view.group, view.points, view.manifest, view.metric, view.label, kind)
    return [], [_drawn(chart)], []


def _sensitivity(view: _View) -> _Parts:
    bars = tornado_bars(view.group, view.points, view.manifest, view.label)
    title, fmt = view.metric.label, view.metric.format
    table = _table(
        "By input",
        [("Input", None, [bar.label for bar in bars])]
        + [(n, MIXED, [getattr(b, k) for b in bars]) for n, k in (("Low", "low_value"), ("High", "high_value"))]
        + [(f"{title} at {end}", fmt, [getattr(bar, end) for bar in bars]) for end in ("low", "high")]
        + [("Difference", fmt, [None if bar.width < 0 else bar.width for bar in bars])],
    )  # fmt: skip
    chart = tornado_chart(bars, figure_of(view.points[0].summary, view.label), title, view.metric.unit)
    charts = [_drawn(chart)] if chart is not None else []
    if view.group.definition["curve"] > 2:
        found = curve_charts(view.group, view.points, view.manifest, view.label, title, view.metric.unit)
        charts += [_drawn(one) for one in found]
    percent = view.group.definition.get("percent")
    reach = "to its bounds" if percent is None else f"{percent:g} % down and up"
    return [table], charts, [f"Each input by itself {reach}, the others as they were."]


def _seek(view: _View) -> _Parts:
    outcome = view.group.outcome or {}
    told = [f"{name}: {value}" for name, value in outcome.items() if value is not None]
    return [], [], [f"Outcome: {', '.join(told)}."] if told else []


def _change(view: _View) -> _Parts:
    group, title = view.group, view.metric.label
    tables, charts, notes = list[NamedTable](), list[ResultChart](), list[str]()
    ways = [("In order", way_along(group, view.points, view.manifest, view.label))]
    if group.definition["average"]:
        ways.insert(0, ("Average over orders", way_on_average(group, view.points, view.manifest, view.label)))
    for name, way in ways:
        if way is None:
            continue
        chart = waterfall_chart(way, f"{title}, {name.lower()}", view.metric.unit, ("First run", "Second run"))
        charts.append(_drawn(chart))
        columns: list[tuple[str, str | None, list[Any]]] = [
            ("Step", None, ["First run", *(step.label for step in way.steps)]),
            ("Adds", view.metric.format, [None, *(step.amount for step in way.steps)]),
            (f"{title} after it", view.metric.format, [way.start, *(step.figure for step in way.steps)]),
        ]
        if any(step.error for step in way.steps):
            columns.append(("Standard error", None, [None, *(step.error for step in way.steps)]))
        tables.append(_table(name, columns))
    notes.append("A step in order shows what its input adds after those before it: in another order the steps differ.")
    notes.append(f"From run {group.definition['before']} to run {group.definition['after']}.")
    return tables, charts, notes


def _upgrade(view: _View) -> _Parts:
    impact = measure_impact(view.context, view.group, view.points, view.label, actor=view.actor)
    metric, rows = view.metric, impact.replays
    fmt = metric.format
    replays = _table(
        "Runs, the largest difference first",
        [
            ("Run", None, [str(r.run_id) for r in rows]),
            ("Result", None, [str(r.outcome) for r in rows]),
            ("Before", fmt, [r.before for r in rows]),
            ("After", fmt, [r.after for r in rows]),
            ("Difference", None, [r.difference for r in rows]),
            ("Relative", ".2%", [r.relative for r in rows]),
        ],
    )
    spread = _table(
        "Quantiles of the differences",
        [
            ("Quantile", ".0%", [q.share for q in impact.quantiles]),
            ("Difference", None, [q.difference for q in impact.quantiles]),
            ("Relative", ".2%", [q.relative for q in impact.quantiles]),
        ],
    )
    misfits = view.group.definition["misfits"]
    tables = [spread, replays] if impact.quantiles else [replays]
    if misfits:
        columns = [("Run", None, [one["run"] for one in misfits]), ("Why", None, [one["reason"] for one in misfits])]
        tables.append(_table("Runs that do not fit", columns))
    chart = impact_histogram(impact, metric.label, metric.unit, relative=False)
    counts = ", ".join(f"{count:,} {outcome}" for outcome, count in impact.outcomes.items() if count)
    return tables, [_drawn(chart)] if chart is not None else [], [f"Results: {counts}."]


VIEWS = {
    GroupKind.SWEEP: _sweep,
    GroupKind.SENSITIVITY: _sensitivity,
    GroupKind.SEEK: _seek,
    GroupKind.CHANGE: _change,
    GroupKind.UPGRADE: _upgrade,
}


def _drawn(chart: Chart) -> ResultChart:
    return ResultChart(chart.title, partial(charting.figure, chart, dark=False))


def _table(name: str, columns: Sequence[tuple[str, str | None, Sequence[Any]]]) -> NamedTable:
    """Return a table of columns by title, format and values."""
    keys = [str(i) for i in range(len(columns))]
    made = tuple(Column(key, title, None, fmt) for key, (title, fmt, _) in zip(keys, columns, strict=True))
    return NamedTable(name, made, {key: values for key, (_, _, values) in zip(keys, columns, strict=True)})


def _points_table(points: Sequence[GroupPoint], manifest: Manifest, labels: Sequence[str], currency: str) -> NamedTable:
    columns: list[tuple[str, str | None, Sequence[Any]]] = []
    for title, values in columns_of(points, manifest, labels).items():
        if title in labels:
            metric = _metric(points, title, manifest, currency)
            columns.append((f"{title} ({metric.unit})" if metric.unit else title, metric.format, values))
        else:
            columns.append((title, None, values))
    columns.insert(1, ("Status", None, [str(p.status or "not run") for p in points]))
    columns.append(("Run", None, [str(p.run_id or "") for p in points]))
    return _table("Runs", columns)


def _metric(points: Sequence[GroupPoint], label: str, manifest: Manifest, currency: str) -> Metric:
    found = figure_metric(points, label, manifest.outputs)
    return Metric(
        found.label,
        found.value,
        unit_in(found.unit, currency, follows=found.currency),
        found.format,
        currency=found.currency,
    )


def _status(group: RunGroup) -> tuple[str, str]:
    words = str(group.status).capitalize()
    return words, "good" if group.status == "FINISHED" and not group.failed else "warn"


def _comparison_tables(
    found: RunComparison, order: Sequence[int], names: Sequence[str], currency: str, zone: tzinfo
) -> list[NamedTable]:
    base = found.baseline
    others = [i for i in order if i != base]
    figures = sorted(found.figures, key=lambda row: not row.differs)
    titles = [_with_unit(row.label, unit_in(row.unit, currency)) for row in figures]
    columns: list[tuple[str, str | None, Sequence[Any]]] = [("Figure", None, titles)]
    columns += [(names[i], MIXED, [row.values[i] for row in figures]) for i in order]
    for i in others:
        columns.append((f"{names[i]}: difference", MIXED, [row.differences[i] for row in figures]))
        columns.append((f"{names[i]}: relative", ".2%", [row.relative[i] for row in figures]))
    inputs = [*found.differing, *found.equal]
    given: list[tuple[str, str | None, Sequence[Any]]] = [
        ("Input", None, [_with_unit(row.label, unit_in(row.unit, currency)) for row in inputs]),
        ("Differs", None, ["yes" if row.differs else "no" for row in inputs]),
    ]
    given += [(names[i], None, [row.texts[i] for row in inputs]) for i in order]
    runs = [found.runs[i].run for i in order]
    about = [
        ("Name", None, [names[i] for i in order]),
        ("Model", None, [run.app_name for run in runs]),
        ("Version", None, [run.version[:12] for run in runs]),
        ("User", None, [run.user for run in runs]),
        ("Finished", None, [readable.timestamp(run.finished_at, zone) for run in runs]),
        ("Run", None, [str(run.id) for run in runs]),
    ]
    return [_table("Summary", columns), _table("Inputs of the runs", given), _table("Runs", about)]


def _with_unit(label: str, unit: str | None) -> str:
    return f"{label} ({unit})" if unit else label


def _comparison_charts(
    context: AppContext, found: RunComparison, names: Sequence[str], currency: str, actor: Actor
) -> list[ResultChart]:
    charts = []
    for group in found.series[:MOST_CHARTS]:
        places = {names[place]: place for place, _ in group.lines}

        def points(series: Series, places: Mapping[str, int] = places) -> Series:
            run = found.runs[places[series.name]].run
            return whole_series(context, run.reused_from or run.id, series, actor=actor)

        lines = [replace(line, unit=unit_in(line.unit, currency)) for line in named_series(group, names, MOST_LINES)]
        outputs = found.runs[found.baseline].result.outputs
        draw = partial(charting.series_figure, lines, outputs, points, title=group.name, dark=False)
        charts.append(ResultChart(group.name, draw))
    return charts
