"""A result on the page: cards, charts, tables, notes, warnings, files and whatever else the model returned.

Chosen: numbers become text here and nowhere before; only what is seen is computed, so that a table behind another or a
closed section costs nothing. A model's Markdown is shown without its images, which a browser would fetch.
Left out: how a chart is drawn (`ui.result.charts`), a table (`ui.result.tables`), and where a run came from
(`ui.result.provenance`).
"""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import streamlit as st

from contract.errors import ProblemsError
from contract.result import Chart, Metric, Result, Series
from contract.run import Run
from ui.result import charts, downloads, tables
from ui.result.charts import number_formats
from ui.result.provenance import show_provenance as provenance
from ui.shell.currency import session_currency
from ui.shell.markup import escape, strip_images

__all__ = ["ReadFile", "ReadPart", "layout_key", "provenance", "show_result"]

ReadPart = tables.ReadPart
ReadFile = Callable[[str], bytes]
Points = Callable[[Series], Any]

CARD = (150, 320)
SHOWN_WARNINGS = 3
SHOWN_PATHS = 5
_paints = itertools.count()


def show_result(
    result: Result,
    *,
    run: Run | None = None,
    read_part: ReadPart | None = None,
    points: Points | None = None,
    nulls: Mapping[str, Any] | None = None,
    read_file: ReadFile | None = None,
    partial: bool = False,
    key: str | None = None,
) -> None:
    """Show a result, whole or as far as it has come.

    Args:
        result: what to show, from `contract.result.parse_result`.
        run: the run it belongs to, for downloads and for keeping charts between reruns.
        read_part: returns `limit` rows from `offset` of a part stored apart, as an Arrow table.
        points: returns all points of a series whose part is stored apart, as a series or as columns.
        nulls: how many values were not finite and where, as stored with the result.
        read_file: returns a file's bytes by its name in `result.files`; without it the names are listed.
        partial: the run still goes on: no widget is drawn, so that it may be painted again and again in one script run.
        key: of the widgets, where one run is shown twice on a page.
    """
    # A partial result is painted many times in one script run, and each of its elements needs an identity of its own.
    name = f"partial-{next(_paints)}" if partial else key or f"result-{run.id if run else 'shown'}"
    _show_warnings(result.warnings)
    _show_summary(result.summary)
    if result.series:
        _show_series(result, run, points, name, partial=partial)
    _show_charts(result.charts, run, name)
    if result.tables and partial:
        tables.show_previews(result.tables)
    elif result.tables:
        tables.show_tables(result.tables, run, read_part, name)
    if result.notes:
        st.markdown(strip_images(result.notes))
    _show_nulls(nulls or {})
    _show_files(result.files, read_file, name, partial=partial)
    if result.extras:
        _show_extras(result.extras, name, partial=partial)


def layout_key(result: Result) -> tuple[object, ...]:
    """Return what decides which blocks a partial result is painted with, and in what order."""
    return (
        min(len(result.warnings), SHOWN_WARNINGS + 1),
        bool(result.summary),
        bool(result.series),
        tuple(chart.kind for chart in result.charts),
        tuple((table.name, table.rows > 0) for table in result.tables),
        bool(result.notes),
        bool(result.files),
        bool(result.extras),
    )


def _show_warnings(warnings: Sequence[str]) -> None:
    if len(warnings) > SHOWN_WARNINGS:
        st.warning("\n".join(f"- {strip_images(w)}" for w in warnings), icon=":material/warning:")
        return
    for warning in warnings:
        st.warning(strip_images(warning), icon=":material/warning:")


def _show_summary(summary: Sequence[Metric]) -> None:
    if not summary:
        return
    words = [number_formats.format_number(m.value, m.format, m.unit) for m in summary]
    longest = max(max(len(w) for w in words) * 9 + 36, *(len(m.label) * 4 + 30 for m in summary))
    width = min(max(longest, CARD[0]), CARD[1])
    with st.grid(min_column_width=width, gap="small"):
        for metric, text in zip(summary, words, strict=True):
            st.metric(
                escape(number_formats.card_label(metric.label, metric.unit)),
                text.replace("\n", " "),
                _delta_text(metric),
                # Whether more is better is the analyst's to say: an arrow and a sign, no green and red.
                delta_color="off",
                help=strip_images(metric.help) if metric.help else None,
                border=True,
                height="stretch",
            )


def _delta_text(metric: Metric) -> str | None:
    delta = metric.delta
    if delta is None or isinstance(delta, bool) or not isinstance(delta, int | float):
        return None if delta is None else str(delta)
    text = number_formats.format_number(abs(delta), metric.format, metric.unit)
    return f"-{text}" if delta < 0 else f"+{text}"


def _show_series(result: Result, run: Run | None, points: Points | None, name: str, *, partial: bool) -> None:
    apart = any(s.part is not None for s in result.series)
    try:
        if apart and points is not None and run is not None and run.status.final:
            drawn = f"{run.reused_from or run.id} {session_currency()}"
            figure = _cached_series(drawn, result.series, result.outputs, points)
        else:
            figure = charts.series_figure(result.series, result.outputs, points)
    except ProblemsError as error:
        _show_unavailable("The series cannot be drawn", error)
    else:
        title = figure.layout.title.text or "Series"
        st.plotly_chart(figure, key=f"{name}-series", config=charts.chart_config(_image_name("series", run)), alt=title)
    if not partial:
        downloads.series_buttons(result.series, run, f"{name}-series-csv")


@st.cache_resource(max_entries=32, ttl=3600, show_spinner=False)
def _cached_series(drawn: str, _series: Sequence[Series], _outputs: Mapping[str, Any], _points: Points) -> Any:  # noqa: ARG001
    """Return the chart of a finished run's long series, which never changes and takes a read of all its points."""
    return charts.series_figure(_series, _outputs, _points)


def _show_charts(found: Sequence[Chart], run: Run | None, name: str) -> None:
    for i, row in enumerate(_chart_rows(found)):
        if len(row) == 1:
            _show_chart(row[0], run, f"{name}-chart-{i}")
            continue
        with st.grid(columns=2, min_column_width=340, gap="medium"):
            for j, chart in enumerate(row):
                with st.container():
                    _show_chart(chart, run, f"{name}-chart-{i}-{j}")


def _chart_rows(found: Sequence[Chart]) -> list[list[Chart]]:
    """Return the charts in rows of two, those that need the width alone."""
    rows: list[list[Chart]] = []
    for chart in found:
        wide = chart.kind in charts.FULL_WIDTH
        if not wide and rows and len(rows[-1]) == 1 and rows[-1][0].kind not in charts.FULL_WIDTH:
            rows[-1].append(chart)
        else:
            rows.append([chart])
    return rows


def _show_chart(chart: Chart, run: Run | None, key: str) -> None:
    try:
        figure = charts.figure(chart)
    except ProblemsError as error:
        _show_unavailable(f"{chart.title or 'A chart'} cannot be drawn", error)
        return
    # Cells with numbers keep the width to read them: on a phone such a chart is moved sideways, as a table is.
    with st.container(key=f"{'wide' if charts.has_many_cells(figure) else 'chart'}-{key}"):
        st.plotly_chart(
            figure, key=key, config=charts.chart_config(_image_name(chart.title, run)), alt=chart.title or "Chart"
        )


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


def not_finite(nulls: Mapping[str, Any]) -> tuple[int, list[str]]:
    """Return how many values were not finite, and the paths known, from `{count, where}` or `{path: n}`."""
    if isinstance(nulls.get("count"), int):
        paths = next((v for v in nulls.values() if isinstance(v, list | tuple)), [])
        return nulls["count"], [str(p) for p in paths]
    counts = {str(k): v if isinstance(v, int) else 1 for k, v in nulls.items()}
    return sum(counts.values()), list(counts)


def _show_files(files: Mapping[str, Any], read_file: ReadFile | None, name: str, *, partial: bool) -> None:
    if not files:
        return
    if partial or read_file is None:
        st.caption(":material/attach_file: " + ", ".join(escape(f) for f in files))
        return
    with st.container(horizontal=True, gap="small"):
        for i, label in enumerate(files):
            st.download_button(
                escape(label),
                data=lambda label=label: read_file(label),
                file_name=label.replace("/", "-"),
                key=f"{name}-file-{i}",
                icon=":material/attach_file:",
                on_click="ignore",
            )


def _show_extras(more: Mapping[str, Any], name: str, *, partial: bool) -> None:
    if partial:
        with st.expander("More", icon=":material/data_object:"):
            st.json(dict(more), expanded=1)
    else:
        _show_extras_lazily(more, name)


@st.fragment
def _show_extras_lazily(more: Mapping[str, Any], name: str) -> None:
    section = st.expander("More", icon=":material/data_object:", key=f"{name}-more", on_change="rerun")
    if section.open:
        with section:
            st.json(dict(more), expanded=1)


def _image_name(name: str, run: Run | None) -> str:
    return downloads.export_filename(name or "chart", run)
