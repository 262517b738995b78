"""Compare runs: their inputs, summary figures, series and tables, each against a baseline.

Chosen: runs of any versions and models, matched by input key, by label and by name; inputs that differ come first. All
are read as they are stored, so that a comparison is the same tomorrow. What is cut says so: tables at a number of rows.
Left out: drawing, which is the pages', and why figures differ.
"""

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from contract.actor import Actor
from contract.errors import AnalysisError, NotFoundError
from contract.fields import Field, is_number
from contract.manifest import Manifest
from contract.problems import Problem
from contract.result import Metric, Result, Series, Table, parse_result
from contract.run import Run, Status
from contract.run_search import Filter
from engine.analysis.table_difference import TableDifference, compare_tables
from engine.authorization import Action, require
from engine.models.catalogue import version_of_run
from engine.processes.context import AppContext
from engine.report.differences import input_change, input_text, same_input
from engine.runs.annotate import baseline_of
from engine.runs.follow import snapshot
from engine.runs.results import read_result_part
from engine.runs.search import search_runs
from storage import run_groups
from storage.search import encode_cursor

LEAST_RUNS, MOST_RUNS = 2, 50
MOST_ROWS = 2_000  # rows of a table that are compared


@dataclass(frozen=True, slots=True)
class ComparedRun:
    """A run with what it was run on and what came out; `scenario` is the saved one that it was made of, in words."""

    run: Run
    manifest: Manifest
    result: Result
    scenario: str | None = None

    @property
    def name(self) -> str:
        """How the run is called in tables and charts: as its scenario, or by the last digits of its id."""
        return self.scenario or str(self.run.id)[-8:]


@dataclass(frozen=True, slots=True)
class InputRow:
    """An input of all runs. `texts` and `values` are by run; a run whose model lacks it has None in both.

    `texts` of a table or a triangle say how it differs from the baseline's.
    """

    key: str
    label: str
    unit: str | None
    texts: tuple[str | None, ...]
    values: tuple[Any, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class FigureRow:
    """A summary figure of all runs, by run, with its differences from the baseline where both are numbers.

    `relative` is the difference as a share of the baseline's size; None where that is zero.
    """

    label: str
    unit: str | None
    format: str | None
    values: tuple[Any, ...]
    differences: tuple[float | None, ...]
    relative: tuple[float | None, ...]
    differs: bool


@dataclass(frozen=True, slots=True)
class SeriesGroup:
    """The series of one name, each with the place of its run; large ones keep their reference."""

    name: str
    lines: tuple[tuple[int, Series], ...]


@dataclass(frozen=True, slots=True)
class RunComparison:
    """Runs in the order they were asked for; `baseline` is the place of the one that the others are compared with."""

    runs: tuple[ComparedRun, ...]
    baseline: int
    inputs: tuple[InputRow, ...]
    figures: tuple[FigureRow, ...]
    series: tuple[SeriesGroup, ...]
    table_names: tuple[str, ...]
    notes: tuple[str, ...] = field(default=())

    @property
    def differing(self) -> tuple[InputRow, ...]:
        """The inputs that are not equal in all runs."""
        return tuple(row for row in self.inputs if row.differs)

    @property
    def equal(self) -> tuple[InputRow, ...]:
        """The inputs that are."""
        return tuple(row for row in self.inputs if not row.differs)


def compare_runs(
    context: AppContext, ids: Sequence[UUID], baseline: UUID | None = None, *, actor: Actor
) -> RunComparison:
    """Return 2 to 50 runs side by side.

    Args:
        context: the application's.
        ids: of the runs, in the order to show; one that stands twice counts once.
        baseline: one of them; without it the model's pinned baseline where it is among them, otherwise the first.
        actor: who asks.

    Raises:
        AnalysisError: there are too few or too many runs, or the baseline is none of them.
        NotFoundError: some of the runs are not there; each is named.
    """
    require(actor, Action.READ_RUNS)
    chosen = list(dict.fromkeys(ids))
    if not LEAST_RUNS <= len(chosen) <= MOST_RUNS:
        found = f"{len(chosen)} run{'' if len(chosen) == 1 else 's'} to compare"
        raise AnalysisError([Problem("runs", found, f"Choose {LEAST_RUNS} to {MOST_RUNS} in the history.")])
    if baseline is not None and baseline not in chosen:
        found = f"the baseline {baseline} is none of the runs compared"
        raise AnalysisError([Problem("baseline", found, "Choose one of them.")])
    runs = _load(context, chosen, actor)
    place = chosen.index(baseline) if baseline is not None else _pinned(context, runs, actor)
    return compare(runs, place)


def compare(runs: Sequence[ComparedRun], baseline: int) -> RunComparison:
    """Return the comparison of runs that have been read, against the one at `baseline`, from 0."""
    names = [table.name for one in [runs[baseline], *runs] for table in one.result.tables]
    return RunComparison(
        runs=tuple(runs),
        baseline=baseline,
        inputs=_compare_inputs(runs, baseline),
        figures=_compare_figures(runs, baseline),
        series=_group_series(runs, baseline),
        table_names=tuple(dict.fromkeys(names)),
        notes=tuple(_notes(runs)),
    )


def compare_table(
    context: AppContext, found: RunComparison, other: int, name: str, *, actor: Actor
) -> TableDifference | None:
    """Return the differences of a table between the baseline and the run at `other`; None where one lacks it."""
    require(actor, Action.READ_RUNS)
    first, second = found.runs[found.baseline], found.runs[other]
    try:
        before, now = first.result.table(name), second.result.table(name)
    except KeyError:
        return None
    return compare_tables(
        name,
        before.columns,
        _rows(context, first.run, before, actor),
        now.columns,
        _rows(context, second.run, now, actor),
        max(before.rows, now.rows),
    )


def previous_run(context: AppContext, run: Run, *, actor: Actor) -> Run | None:
    """Return the successful run of the same model that the same user asked for last before this one, or None."""
    require(actor, Action.READ_RUNS)
    wanted = Filter(app=run.app_slug, user=run.user, statuses=(Status.SUCCESS,))
    page = search_runs(context, wanted, actor=actor, after=encode_cursor(run.queued_at, run.id), limit=1)
    return page.runs[0] if page.runs else None


def _load(context: AppContext, ids: Sequence[UUID], actor: Actor) -> list[ComparedRun]:
    found: list[ComparedRun] = []
    problems: list[Problem] = []
    for run_id in ids:
        try:
            now = snapshot(context, run_id, actor=actor)
            manifest = version_of_run(context, now.run, actor=actor).manifest
        except NotFoundError as error:
            problems += error.problems
            continue
        found.append(ComparedRun(now.run, manifest, parse_result(now.shown, manifest.outputs)))
    if problems:
        raise NotFoundError(problems)
    with context.database.read() as conn:
        names = run_groups.list_run_names(conn, ids)
    counts = Counter(names.values())
    return [
        dataclasses.replace(one, scenario=name if counts[name] == 1 else f"{name} ({one.name})")
        if (name := names.get(one.run.id))
        else one
        for one in found
    ]


def _pinned(context: AppContext, runs: Sequence[ComparedRun], actor: Actor) -> int:
    pinned = {one.run_id for app in {r.run.app_id for r in runs} if (one := baseline_of(context, app, actor=actor))}
    return next((i for i, one in enumerate(runs) if one.run.id in pinned), 0)


def _rows(context: AppContext, run: Run, table: Table, actor: Actor) -> Mapping[str, Sequence[Any]]:
    if table.part is None:
        return {key: column[:MOST_ROWS] for key, column in table.data.items()}
    rows = read_result_part(context, run.reused_from or run.id, table.part, 0, MOST_ROWS, actor=actor)
    found: Mapping[str, Sequence[Any]] = rows.to_pydict()
    return found


def _compare_inputs(runs: Sequence[ComparedRun], baseline: int) -> tuple[InputRow, ...]:
    base = runs[baseline]
    fields: dict[str, Field] = {}
    for one in [base, *runs]:
        for key, declared in one.manifest.inputs.items():
            fields.setdefault(key, declared)
    rows = []
    for key, declared in fields.items():
        start = base.run.inputs.get(key)
        values = tuple(one.run.inputs.get(key) for one in runs)
        there = [key in one.run.inputs or key in one.manifest.inputs for one in runs]
        texts = tuple(
            None
            if not there[i]
            else input_text(declared, value)
            if i == baseline or not there[baseline]
            else input_change(declared, start, value)
            for i, value in enumerate(values)
        )
        differs = not all(there) or not all(same_input(start, value) for value in values)
        rows.append(InputRow(key, declared.label, declared.unit, texts, values, differs))
    return tuple(sorted(rows, key=lambda row: not row.differs))


def _compare_figures(runs: Sequence[ComparedRun], baseline: int) -> tuple[FigureRow, ...]:
    of_runs: list[dict[str, Metric]] = [{m.label: m for m in one.result.summary} for one in runs]
    labels = list(dict.fromkeys([*of_runs[baseline], *(label for metrics in of_runs for label in metrics)]))
    rows = []
    for label in labels:
        known = of_runs[baseline].get(label) or next(m[label] for m in of_runs if label in m)
        values = tuple(m[label].value if label in m else None for m in of_runs)
        start = values[baseline]
        differences = tuple(_difference(start, value) for value in values)
        relative = tuple(d / abs(start) if d is not None and start else None for d in differences)
        differs = any(value != start for value in values)
        rows.append(FigureRow(label, known.unit, known.format, values, differences, relative, differs))
    return tuple(rows)


def _difference(start: Any, value: Any) -> float | None:
    return value - start if is_number(value) and is_number(start) else None


def _group_series(runs: Sequence[ComparedRun], baseline: int) -> tuple[SeriesGroup, ...]:
    """Return the series by name; several of one name in a run are told apart by their number."""
    groups: dict[tuple[str, int], list[tuple[int, Series]]] = {}
    for place in [baseline, *(i for i in range(len(runs)) if i != baseline)]:
        counted: dict[str, int] = {}
        for series in runs[place].result.series:
            number = counted[series.name] = counted.get(series.name, 0) + 1
            groups.setdefault((series.name, number), []).append((place, series))
    return tuple(
        SeriesGroup(name if number == 1 else f"{name} ({number})", tuple(lines))
        for (name, number), lines in groups.items()
    )


def _notes(runs: Sequence[ComparedRun]) -> list[str]:
    notes = []
    models = list(dict.fromkeys(one.run.app_name for one in runs))
    if len(models) > 1:
        notes.append(f"The runs are of {len(models)} models: {', '.join(models)}.")
    elif len({one.run.version for one in runs}) > 1:
        notes.append(f"The runs are of {len({one.run.version for one in runs})} versions of the model.")
    without = [one.name for one in runs if one.run.status is not Status.SUCCESS]
    if without:
        notes.append(f"No success, so with no result or a part of one: {', '.join(without)}.")
    return notes


def named_series(group: SeriesGroup, names: Sequence[str], most: int) -> list[Series]:
    """Return the first `most` series of a group, each called as its run, the baseline's first."""
    return [dataclasses.replace(series, name=names[place]) for place, series in group.lines[:most]]
