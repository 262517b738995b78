"""Runs side by side on the page: inputs, figures, series, tables, and parallel coordinates where there are many.

Chosen: a column a run, the baseline first and named in words, never by colour alone; what is equal is folded. Whatever
is cut says how many of how many are shown.
Left out: what differs, which is `engine.analysis.compare`.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

import charting
from charting import number_formats, parallel
from contract.currency import label_in, unit_in
from contract.errors import ProblemsError
from contract.result import Series
from engine.analysis.compare import FigureRow, InputRow, RunComparison, compare_table, named_series
from engine.analysis.table_difference import TableDifference
from engine.authorization import Action, is_allowed
from engine.runs.export import whole_series
from ui.result import chart_view
from ui.shell import cached, sitemap
from ui.shell.currency import session_currency
from ui.shell.formatting import STATUS, timestamp
from ui.shell.markup import escape
from ui.shell.problems import show_problems
from ui.shell.session import current_actor
from ui.shell.time_zone import session_zone

MOST_LINES = 20  # of runs in one chart
MOST_CHARTS = 24
MANY = 3  # runs from which on parallel coordinates say more than a table
ROUNDING = 1e-6  # of the largest value of a column; differences far below it are pale
FEW_AXES = 4  # that a phone is wide enough for
SHOWN_ROWS = 500  # rows of a table of differences on the page
RISE, FALL = "0, 114, 178", "213, 94, 0"  # as charts draw what rises and falls


def names_of(found: RunComparison) -> list[str]:
    """Return what each run is called here."""
    return [f"{one.name} (baseline)" if place == found.baseline else one.name for place, one in enumerate(found.runs)]


def show_comparison(found: RunComparison) -> None:
    """Show everything that was compared."""
    for note in found.notes:
        st.info(escape(note))
    _show_runs(found)
    _show_inputs(found)
    _show_figures(found)
    if len(found.runs) >= MANY:
        _show_parallel(found)
    _show_series(found)
    if found.table_names:
        _show_tables(found)


def _title(row: InputRow | FigureRow) -> str:
    """Return an input's or a figure's label with its unit, in the session's currency."""
    unit = unit_in(row.unit, session_currency())
    return f"{row.label} ({unit})" if unit else row.label


def _input_text(row: InputRow, text: str | None) -> str:
    """Return an input's value as text, its unit in the session's currency."""
    if text is None:
        return "not an input"
    unit = unit_in(row.unit, session_currency())
    return text if unit == row.unit or row.unit is None else text.replace(row.unit, unit or "").strip()


def _order(found: RunComparison) -> list[int]:
    """Return the places of the runs, the baseline's first."""
    return [found.baseline, *(i for i in range(len(found.runs)) if i != found.baseline)]


def _show_runs(found: RunComparison) -> None:
    names, order = names_of(found), _order(found)
    with st.expander(f"{len(found.runs)} runs", icon=":material/list:", expanded=len(found.runs) <= MANY):
        for place in order:
            run = found.runs[place].run
            with st.container(horizontal=True, vertical_alignment="center"):
                st.page_link(sitemap.make_page("run"), label=names[place], query_params={"id": str(run.id)})
                said = (run.app_name, STATUS[run.status].words, run.user, timestamp(run.queued_at, session_zone()))
                st.caption(f"{escape(' · '.join(said))} · version {run.version[:12]}")
    _show_change_link(found)


def _show_change_link(found: RunComparison) -> None:
    """Offer the analysis of change between two runs of one model that differ in what they were run on."""
    if len(found.runs) != 2 or not is_allowed(current_actor(), Action.RUN_MODELS):
        return
    before, after = (found.runs[place].run for place in _order(found))
    if before.app_id == after.app_id and (found.differing or before.version != after.version):
        st.page_link(
            sitemap.make_page("sweep"),
            label="Analysis of change",
            icon=":material/waterfall_chart:",
            query_params={"before": str(before.id), "after": str(after.id)},
            help="How much of each figure's difference is due to each input, from the baseline to the other run",
        )


def _show_inputs(found: RunComparison) -> None:
    st.subheader("Inputs", anchor=False)
    if found.differing:
        st.dataframe(_input_frame(found, found.differing), hide_index=True, key="compare-inputs")
    else:
        st.caption("All inputs are equal.")
    if found.equal:
        with st.expander(f"{len(found.equal)} equal inputs", key="compare-equal"):
            rows = [(row.label, _input_text(row, row.texts[found.baseline] or "")) for row in found.equal]
            st.dataframe(pd.DataFrame(rows, columns=["Input", "All runs"]), hide_index=True)


def _input_frame(found: RunComparison, rows: Sequence[InputRow]) -> pd.DataFrame:
    names = names_of(found)
    columns: dict[str, list[str]] = {"Input": [row.label for row in rows]}
    for place in _order(found):
        columns[names[place]] = [_input_text(row, row.texts[place]) for row in rows]
    return pd.DataFrame(columns)


def _show_figures(found: RunComparison) -> None:
    if not found.figures:
        return
    st.subheader("Summary", anchor=False)
    ways = ["Values", "Differences", "Relative"]
    way = st.segmented_control("Show", ways, default="Values", key="compare-figures", label_visibility="collapsed")
    st.dataframe(_figure_frame(found, way or "Values"), hide_index=True, key=f"compare-summary-{way}")
    equal = sum(not row.differs for row in found.figures)
    if equal:
        st.caption(f"{equal} of {len(found.figures)} figures are equal in all runs.")


def _figure_frame(found: RunComparison, way: str) -> pd.DataFrame:
    names = names_of(found)
    rows = sorted(found.figures, key=lambda row: not row.differs)
    columns: dict[str, list[str]] = {"Figure": [_title(row) for row in rows]}
    for place in _order(found):
        columns[names[place]] = [_figure_text(row, place, found.baseline, way) for row in rows]
    return pd.DataFrame(columns)


def _figure_text(row: FigureRow, place: int, baseline: int, way: str) -> str:
    difference, share = row.differences[place], row.relative[place]
    if place == baseline or way == "Values" or difference is None:
        value = row.values[place]  # noqa: PD011 - no frame of pandas
        return number_formats.format_number(value, row.format)
    if way == "Differences":
        return "0" if difference == 0 else number_formats.format_delta(difference, row.format)
    return "–" if share is None else f"{share:+.2%}" if share else "0%"


def _show_parallel(found: RunComparison) -> None:
    rows: list[InputRow | FigureRow] = [*found.differing, *(f for f in found.figures if f.differs)]
    axes = [parallel.Axis(_title(row), row.values) for row in rows]
    drawn = parallel.choose(axes)
    if len(drawn) < 2:
        return
    st.subheader("Parallel coordinates", anchor=False)
    figure = parallel.parallel_figure(drawn, baseline=found.baseline)
    alt = f"Parallel coordinates of {len(found.runs)} runs over {len(drawn)} inputs and figures"
    chart = chart_view.draw_chart(figure, key="parallel", alt=alt, image_name="comparison", wide=True)
    # Axes side by side keep the width to read them: on a phone they are moved sideways.
    chart_view.show_charts([dataclasses.replace(chart, cells=len(drawn) > FEW_AXES)], key="compare-parallel")
    cut = f"{len(drawn)} of {len(axes)} inputs and figures shown" if len(drawn) < len(axes) else ""
    st.caption(". ".join(filter(None, ["A line is a run; the baseline's is orange", cut])) + ".")


def _show_series(found: RunComparison) -> None:
    if not found.series:
        return
    st.subheader("Series", anchor=False)
    names = names_of(found)
    context, actor, currency = cached.context(), current_actor(), session_currency()
    charts, cut = [], 0
    for number, group in enumerate(found.series[:MOST_CHARTS]):
        lines = [
            dataclasses.replace(line, unit=unit_in(line.unit, currency))
            for line in named_series(group, names, MOST_LINES)
        ]
        places = {names[place]: place for place, _ in group.lines}
        cut = max(cut, len(group.lines))

        def points(series: Series, places: dict[str, int] = places) -> Series:
            run = found.runs[places[series.name]].run
            return whole_series(context, run.reused_from or run.id, series, actor=actor)

        # A series of one run has no legend to say whose it is.
        title = group.name if len(lines) > 1 else f"{group.name}, {lines[0].name} only"
        try:
            figure = charting.series_figure(lines, found.runs[found.baseline].result.outputs, points, title=title)
        except ProblemsError as error:
            show_problems(error)
            continue
        _mark_baseline(figure, names[found.baseline])
        charts.append(
            chart_view.draw_chart(
                figure, key=f"series-{number}", alt=f"{group.name}, run by run", image_name=group.name, wide=False
            )
        )
    chart_view.show_charts(charts, key="compare-series")
    said = []
    if cut > MOST_LINES:
        said.append(f"{MOST_LINES} of {cut} runs shown in each chart")
    if len(found.series) > MOST_CHARTS:
        said.append(f"{MOST_CHARTS} of {len(found.series)} series shown")
    if said:
        st.caption("; ".join(said) + ".")


def _mark_baseline(figure: Any, name: str) -> None:
    """Draw the baseline's line thick and the others as they are."""
    for trace in figure.data:
        if trace.type == "scatter" and trace.name == name and "lines" in (trace.mode or ""):
            trace.line.width = 4


@st.fragment
def _show_tables(found: RunComparison) -> None:
    st.subheader("Tables", anchor=False)
    names = names_of(found)
    others = [i for i in range(len(found.runs)) if i != found.baseline]
    with st.container(horizontal=True):
        name = st.selectbox("Table", found.table_names, key="compare-table")
        other = st.selectbox("Run", others, format_func=lambda i: names[i], key="compare-other")
        way = st.segmented_control("Cells", ["Differences", "Both values"], default="Differences", key="compare-cells")
    difference = compare_table(cached.context(), found, other, name, actor=current_actor())
    if difference is None:
        st.caption("One of the two runs has no table of this name.")
        return
    st.caption(_table_words(difference))
    shown = difference.cells[:SHOWN_ROWS]
    if shown and difference.columns:
        frame = _cell_frame(difference, both=way == "Both values")
        st.dataframe(frame, hide_index=True, key=f"compare-cells-{name}-{other}-{way}")
        st.caption("Blue: more than in the baseline; orange: less. The deeper, the larger in its column.")
        st.caption("Grey: a text that differs, or a row that one of the two lacks.")


def _table_words(one: TableDifference) -> str:
    total = sum(map(len, one.cells))
    said = [f"{one.changed:,} of {total:,} cells differ"]
    said += [f"{one.added:,} rows added"] if one.added else []
    said += [f"{one.removed:,} rows removed"] if one.removed else []
    said += [f"only in the baseline: {escape(', '.join(one.only_before))}"] if one.only_before else []
    said += [f"only in the other run: {escape(', '.join(one.only_now))}"] if one.only_now else []
    if one.key is not None:
        said.append(f"rows matched by {escape(one.key.label)}")
    shown = min(len(one.cells), SHOWN_ROWS)
    said += [f"{shown:,} of {one.rows:,} rows shown, {len(one.cells):,} compared"] if shown < one.rows else []
    return "; ".join(said) + "."


def _cell_frame(one: TableDifference, *, both: bool) -> Any:
    """Return the cells as a table whose background says how large each difference is."""
    shown = one.cells[:SHOWN_ROWS]
    titles = (label_in(column.title, session_currency()) for column in one.columns)
    labels = _unique([one.key.label if one.key else "Row", *titles])
    texts: dict[str, list[str]] = {labels[0]: list(one.names[: len(shown)])}
    styles: dict[str, list[str]] = {labels[0]: [""] * len(shown)}
    for place, (label, column) in enumerate(zip(labels[1:], one.columns, strict=True)):
        cells = [row[place] for row in shown]
        texts[label] = [_cell_text(cell.before, cell.now, cell.difference, column.format, both=both) for cell in cells]
        largest = max((abs(c.difference) for c in cells if c.difference is not None), default=0.0)
        # What differs in its last digits only is as good as equal: it has next to no colour.
        sizes = (abs(c.before) for c in cells if c.difference is not None)
        largest = max(largest, ROUNDING * max(sizes, default=0.0)) or 1.0
        styles[label] = [_cell_style(cell.difference, largest, differs=cell.differs) for cell in cells]
    frame, colours = pd.DataFrame(texts), pd.DataFrame(styles)
    return frame.style.apply(lambda _: colours, axis=None)


def _cell_text(before: Any, now: Any, difference: float | None, form: str | None, *, both: bool) -> str:
    first, second = (number_formats.format_number(value, form) for value in (before, now))
    if both:
        return first if first == second else f"{first} → {second}"
    if difference is not None:
        return "0" if difference == 0 else number_formats.format_delta(difference, form)
    return "" if before == now else f"{first} → {second}"


def _cell_style(difference: float | None, largest: float, *, differs: bool) -> str:
    if not differs:
        return ""
    if difference is None:
        return "background-color: rgba(123, 135, 148, 0.25)"
    share = min(1.0, abs(difference) / largest)
    depth = 0.6 * share**0.5 if share > ROUNDING else 0.03
    return f"background-color: rgba({RISE if difference > 0 else FALL}, {depth:.2f})"


def _unique(labels: Sequence[str]) -> list[str]:
    found: list[str] = []
    for label in labels:
        name, number = label, 1
        while name in found:
            number += 1
            name = f"{label} ({number})"
        found.append(name)
    return found
