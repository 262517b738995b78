"""Downloads of a result: CSV of its tables and series, and a menu with the run as PDF, workbook and other files.

Chosen: files of a stored run come from the streaming route, whatever their size; only what no run holds is written on
the click, from the page. A Streamlit download button is renewed in every run of the script, and a click on the one
before fails: that happens just after a result is painted. Each file comes in two forms, plain and for Excel.
Left out: the form of a line, which is `contract.csv_export`.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from urllib.parse import quote, urlencode
from uuid import UUID

import streamlit as st

from contract import csv_export
from contract.number_format import NumberFormat
from contract.result import Result, Series, Table
from contract.run import Run, Status
from contract.table_query import ALL_ROWS, TableQuery
from ui.shell import session_format
from ui.shell.currency import session_currency
from ui.shell.markup import escape
from ui.shell.time_zone import zone_name

ROUTE = "/api/runs/{id}/export/csv"
FILE_ROUTE = "/api/runs/{id}/files"
PLAIN_HELP = "Comma-separated, UTF-8, every number in full precision"
EXCEL_HELP = "For a spreadsheet that writes numbers as set in the page's head"


def table_buttons(table: Table, run: Run | None, key: str, query: TableQuery = ALL_ROWS) -> None:
    """Offer a table as CSV, in both forms.

    Args:
        table: as shown.
        run: the run it belongs to; without one what the page holds is offered.
        key: of the buttons, unique on the page.
        query: which of the rows that are stored apart are shown, and in which order.
    """
    if run is not None:
        rows = table.rows if table.part is not None and not query.search else None
        _csv_links(run.id, table.name, rows, query)
        return
    _csv_buttons(partial(_write, lambda: table, session_format.current_format()), export_filename(table.name, run), key)


def series_buttons(series: Sequence[Series], run: Run | None, key: str) -> None:
    """Offer series as CSV, one line an x; of a stored run by the streaming route."""
    if run is not None:
        apart = [s.rows for s in series if s.part is not None]
        _csv_links(run.id, series[0].name if len(series) == 1 else "Series", max(apart, default=None))
        return
    held = [s for s in series if s.part is None]
    write = partial(_write, lambda: csv_export.pivot(held), session_format.current_format())
    _csv_buttons(write, export_filename("series", run), key)


def export_link(
    run_id: UUID, name: str, *, excel: bool = False, language: str = "", query: TableQuery = ALL_ROWS
) -> str:
    """Return the address of the streaming route for a table or series by name, in a spreadsheet's language."""
    asked = {"table": name, "currency": session_currency()}
    if excel:
        asked["excel"] = "1"
    if language and (excel or query.search):
        asked["language"] = language
    if query.search:
        asked["search"] = query.search
    if query.sort:
        asked["sort"] = f"{'-' if query.descending else ''}{query.sort}"
    return f"{ROUTE.format(id=run_id)}?{urlencode(asked, quote_via=quote, safe='')}"


def file_link(run_id: UUID, name: str) -> str:
    """Return the address of a file that the model made."""
    return f"{FILE_ROUTE.format(id=run_id)}/{quote(name)}"


def media_link(run_id: UUID, name: str, *, save: bool = False) -> str:
    """Return the address of an image, sound or film of a run, to look at or to save."""
    return file_link(run_id, name) + ("?download=1" if save else "")


def file_links(run: Run, result: Result) -> None:
    """Offer an ended run as files; each is made when it is asked for."""
    asked = {
        "language": session_format.current_format().language,
        "currency": session_currency(),
        "zone": zone_name(),
    }
    words = "A report to print or file: inputs, result, charts and provenance"
    _file_link("PDF", f"{_route(run, 'pdf')}?{urlencode(asked)}", "picture_as_pdf", words)
    _file_link("Excel workbook", _route(run, "xlsx"), "table_view", "Inputs, figures, each table, series, provenance")
    for name in [t.name for t in result.tables] + (["Series"] if result.series else []):
        link = f"{_route(run, 'parquet')}?table={quote(name, safe='')}"
        _file_link(f"Parquet: {escape(name)}", link, "view_column", "For pandas, R, DuckDB and Arrow")
    if result.series or result.charts:
        link = urlencode({"language": asked["language"], "currency": asked["currency"]})
        for form in ("SVG", "PNG"):
            words = "Each chart as an image, in a zip"
            _file_link(f"Charts as {form}", f"{_route(run, form.lower())}?{link}", "image", words)
    _file_link("JSON", _route(run, "json"), "data_object", "Inputs, figures, every row and provenance")
    if run.status is Status.SUCCESS:
        words = "Code, inputs, seed, packages and result, with a script that computes the run again and compares"
        _file_link("Rebuild bundle", _route(run, "bundle"), "deployed_code", words)


def analysis_links(route: str, figure: str = "", more: Mapping[str, str] | None = None) -> None:
    """Offer an analysis of many runs as files, in the order of a run's.

    Args:
        route: of the API, up to the form.
        figure: the summary figure that it is shown for.
        more: further words of the address.
    """
    given = {**(more or {}), **({"figure": figure} if figure else {})}
    written = {"language": session_format.current_format().language, "currency": session_currency()}

    def address(form: str, **words: str) -> str:
        return f"{route}/{form}?{urlencode({**given, **words})}"

    _file_link(
        "PDF", address("pdf", **written, zone=zone_name()), "picture_as_pdf", "Facts, charts and tables to print"
    )
    _file_link("Excel workbook", address("xlsx", **written), "table_view", "Inputs of each run, tables and facts")
    _file_link("CSV", address("csv", currency=written["currency"]), "download", PLAIN_HELP)
    _file_link("CSV for Excel", address("csv", **written, excel="1"), "download", EXCEL_HELP)
    _file_link("Parquet", address("parquet"), "view_column", "For pandas, R, DuckDB and Arrow")
    for form in ("svg", "png"):
        _file_link(f"Charts as {form.upper()}", address(form, **written), "image", "Each chart as an image, in a zip")
    _file_link("JSON", address("json"), "data_object", "Facts, every row, and the inputs of each run")


def _route(run: Run, ending: str) -> str:
    return f"/api/runs/{run.id}/export/{ending}"


def _file_link(label: str, link: str, icon: str, words: str) -> None:
    st.link_button(label, link, help=words, icon=f":material/{icon}:", type="tertiary")


def export_filename(name: str, run: Run | None) -> str:
    """Return a file name without ending: the model, the table and the run's last digits."""
    plain = csv_export.plain_name(name, "table")
    return f"{run.app_slug}-{plain}-{str(run.id)[-8:]}" if run is not None else plain


def _write(make_table: Callable[[], Table], number_format: NumberFormat, excel: bool) -> bytes:
    """Return the file. It is written outside the page's run, where the session's format is not known any more."""
    table = make_table()
    return b"".join(csv_export.write_csv(table.columns, [table.data], excel=excel, number_format=number_format))


def _csv_buttons(write: Callable[[bool], bytes], stem: str, key: str) -> None:
    with st.container(horizontal=True, gap="small", width="content", key=f"{key}-csv"):
        for excel, label, words in ((False, "CSV", PLAIN_HELP), (True, "CSV for Excel", EXCEL_HELP)):
            st.download_button(
                label,
                data=lambda excel=excel: write(excel),  # type: ignore[misc]
                file_name=f"{stem}{'-excel' if excel else ''}.csv",
                mime="text/csv",
                key=f"{key}-{'excel' if excel else 'plain'}",
                help=words,
                icon=":material/download:",
                on_click="ignore",
                type="tertiary",
            )


def _csv_links(run_id: UUID, name: str, rows: int | None, query: TableQuery = ALL_ROWS) -> None:
    """Link to the streaming route; `rows` are told where they are more than the page shows."""
    with st.container(horizontal=True, gap="small", width="content"):
        for excel, label, words in ((False, "CSV", PLAIN_HELP), (True, "CSV for Excel", EXCEL_HELP)):
            st.link_button(
                label if rows is None else f"{label} ({rows:,} rows)",
                export_link(run_id, name, excel=excel, language=session_format.current_format().language, query=query),
                help=words,
                icon=":material/download:",
                type="tertiary",
            )
