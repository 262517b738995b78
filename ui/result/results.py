"""A result on the page: cards, charts, tables, notes, media, warnings, files and whatever else the model returned.

Chosen: numbers become text here and nowhere before; only what is seen is computed, so that a table behind another or a
closed section costs nothing. Every part has its place and a key of its model and place, never of its run: the next
result is painted over the one before. What a finished run's charts look like is kept for a while, because a page is
drawn again at every change of its form.
Left out: how a chart is drawn (`charts`), a table (`ui.result.tables`), and where a run came from
(`ui.result.provenance`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

import charting
from contract.errors import ProblemsError
from contract.result import Result, Series, not_finite
from contract.run import Run
from ui.result import cards, chart_view, downloads, media_view, tables
from ui.result.chart_view import DrawnChart, Range
from ui.result.provenance import show_provenance as provenance
from ui.shell.currency import session_currency
from ui.shell.markup import escape, safe_markdown

__all__ = ["FindRows", "provenance", "show_result"]

FindRows = tables.FindRows
Points = Callable[[Series], Any]

SHOWN_WARNINGS = 3
SHOWN_PATHS = 5


@dataclass(frozen=True, slots=True)
class ChartFault:
    """A chart that cannot be drawn, and why."""

    head: str
    error: ProblemsError


def show_result(
    result: Result,
    *,
    run: Run | None = None,
    find_rows: FindRows | None = None,
    points: Points | None = None,
    nulls: Mapping[str, Any] | None = None,
    headline: Sequence[str] = (),
    partial: bool = False,
    key: str | None = None,
) -> None:
    """Show a result, whole or as far as it has come.

    Args:
        result: what to show, from `contract.result.parse_result`.
        run: the run it belongs to, for downloads and for keeping charts between reruns.
        find_rows: returns rows of a table stored apart, as `ui.result.tables` asks for them.
        points: returns all points of a series whose part is stored apart, as a series or as columns.
        nulls: how many values were not finite and where, as stored with the result.
        headline: labels of the summary figures to show large.
        partial: the run still goes on: previews of tables, and nothing to download.
        key: of the place on the page; by default the model's.
    """
    name = key or (f"{run.app_slug}-result" if run else "result-shown")
    # Each part has a block of its own, there even when it is empty: what comes after it keeps its place.
    with st.container():
        _show_warnings(result.warnings)
    with st.container():
        cards.show_cards(result.summary, headline)
    with st.container():
        if result.series:
            _show_series(result, run, points, name)
            if not partial:
                downloads.series_buttons(result.series, run, f"{name}-series-csv")
    with st.container():
        if result.charts:
            _show_charts(result, run, name)
    with st.container():
        if result.tables and partial:
            tables.show_previews(result.tables)
        elif result.tables:
            tables.show_tables(result.tables, run, find_rows, name)
    if result.notes:
        st.markdown(safe_markdown(result.notes))
    media_view.show_media(result.media, run, partial=partial)
    _show_nulls(nulls or {})
    _show_files(result.files, run, partial=partial)
    if result.extras:
        _show_extras(result.extras, name)


def _show_warnings(warnings: Sequence[str]) -> None:
    if len(warnings) > SHOWN_WARNINGS:
        st.warning("\n".join(f"- {safe_markdown(w)}" for w in warnings), icon=":material/warning:")
        return
    for warning in warnings:
        st.warning(safe_markdown(warning), icon=":material/warning:")


@st.fragment
def _show_series(result: Result, run: Run | None, points: Points | None, name: str) -> None:
    """Show the chart of the series; zooming into a long one runs this alone."""
    shown = chart_view.shown_range(f"{name}-series", "series")
    if run is not None and run.status.final and any(s.part is not None for s in result.series):
        drawn = _drawn_series_of(f"{run.reused_from or run.id} {session_currency()}", shown, result, run, points)
    else:
        drawn = _draw_series(result, run, points, shown)
    _show_drawn(drawn, f"{name}-series")


@st.fragment
def _show_charts(result: Result, run: Run | None, name: str) -> None:
    """Show the charts that the model describes; zooming into a long one runs this alone."""
    ranges = tuple(chart_view.shown_range(f"{name}-charts", _chart_key(i)) for i in range(len(result.charts)))
    if run is not None and run.status.final:
        drawn = _drawn_charts_of(f"{run.reused_from or run.id} {session_currency()}", ranges, result, run)
    else:
        drawn = _draw_charts(result, run, ranges)
    _show_drawn(drawn, f"{name}-charts")


def _show_drawn(drawn: Sequence[DrawnChart | ChartFault], key: str) -> None:
    chart_view.show_charts([one for one in drawn if isinstance(one, DrawnChart)], key=key)
    for one in drawn:
        if isinstance(one, ChartFault):
            _show_unavailable(one.head, one.error)


@st.cache_resource(max_entries=64, ttl=3600, show_spinner=False)
def _drawn_series_of(
    shown_as: str,  # noqa: ARG001 - the key of the cache: the run and the session's currency
    shown: Range | None,
    _result: Result,
    _run: Run,
    _points: Points | None,
) -> list[DrawnChart | ChartFault]:
    """Return the chart of a finished run's long series, which never changes and takes a read of all its points."""
    return _draw_series(_result, _run, _points, shown)


@st.cache_resource(max_entries=64, ttl=3600, show_spinner=False)
def _drawn_charts_of(
    shown_as: str,  # noqa: ARG001 - the key of the cache: the run and the session's currency
    ranges: tuple[Range | None, ...],
    _result: Result,
    _run: Run,
) -> list[DrawnChart | ChartFault]:
    """Return the charts of a finished run, which never change."""
    return _draw_charts(_result, _run, ranges)


def _draw_series(
    result: Result, run: Run | None, points: Points | None, shown: Range | None
) -> list[DrawnChart | ChartFault]:
    try:
        figure = charting.series_figure(result.series, result.outputs, points, shown=shown)
    except ProblemsError as error:
        return [ChartFault("The series cannot be drawn", error)]
    return [
        chart_view.draw_chart(
            figure,
            key="series",
            alt=figure.layout.title.text or "Series",
            image_name=_image_name("series", run),
            wide=True,
            refine=charting.is_thinned(figure),
        )
    ]


def _draw_charts(result: Result, run: Run | None, ranges: Sequence[Range | None]) -> list[DrawnChart | ChartFault]:
    drawn: list[DrawnChart | ChartFault] = []
    alone = _charts_alone([chart.kind in charting.FULL_WIDTH for chart in result.charts])
    for i, (chart, shown) in enumerate(zip(result.charts, ranges, strict=True)):
        try:
            figure = charting.figure(chart, shown=shown)
        except ProblemsError as error:
            drawn.append(ChartFault(f"{chart.title or 'A chart'} cannot be drawn", error))
            continue
        drawn.append(
            chart_view.draw_chart(
                figure,
                key=_chart_key(i),
                alt=chart.title or "Chart",
                image_name=_image_name(chart.title, run),
                wide=alone[i],
                refine=charting.is_thinned(figure),
            )
        )
    return drawn


def _charts_alone(wide: Sequence[bool]) -> list[bool]:
    """Return which charts have a row to themselves: the wide ones, and what is left without one beside it."""
    alone = list(wide)
    waiting: int | None = None
    for i, own_row in enumerate([*wide, True]):
        if own_row:
            if waiting is not None:
                alone[waiting] = True
            waiting = None
        else:
            waiting = i if waiting is None else None
    return alone


def _chart_key(place: int) -> str:
    return f"chart-{place}"


def _show_unavailable(head: str, error: ProblemsError) -> None:
    lines = [f"- `{p.where.replace('`', '')}`: {escape(f'{p.message}. {p.hint}')}" for p in error.problems[:10]]
    more = len(error.problems) - len(lines)
    st.error(
        "\n".join([f"**{escape(head)}**", "", *lines, *([f"- and {more} more"] if more > 0 else [])]),
        icon=":material/query_stats:",
    )


def _show_nulls(nulls: Mapping[str, Any]) -> None:
    count, paths = not_finite(nulls)
    if not count:
        return
    where = ", ".join(f"`{p.replace('`', '')}`" for p in paths[:SHOWN_PATHS])
    rest = " and more" if count > len(paths[:SHOWN_PATHS]) else ""
    words = "1 value was not finite and is empty" if count == 1 else f"{count:,} values were not finite and are empty"
    st.caption(f":material/info: {words}" + (f": {where}{rest}." if where else "."))


def _show_files(files: Mapping[str, Any], run: Run | None, *, partial: bool) -> None:
    if not files:
        return
    if partial or run is None:
        st.caption(":material/attach_file: " + ", ".join(escape(f) for f in files))
        return
    with st.container(horizontal=True, gap="small"):
        for label in files:
            st.link_button(escape(label), downloads.file_link(run.id, label), icon=":material/attach_file:")


@st.fragment
def _show_extras(more: Mapping[str, Any], name: str) -> None:
    section = st.expander("More", icon=":material/data_object:", key=f"{name}-more", on_change="rerun")
    if section.open:
        with section:
            st.json(dict(more), expanded=1)


def _image_name(name: str, run: Run | None) -> str:
    return downloads.export_filename(name or "chart", run)
