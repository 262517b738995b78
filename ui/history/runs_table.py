"""Runs as a table: a click opens a run, ticked rows are compared or tagged; pages by keyset, the list as CSV.

Chosen: a run is told by those of its inputs that differ from the starting values and by its headline figure; pages of
fifty come from the database by key, so that the millionth run is as near as the first; while a run of the page is live,
the table alone is read again every two seconds. The CSV comes from the API's
streaming route, whatever its length.
Left out: sorting by other columns. The order is the order of time.
"""

import datetime as dt
import math
import zlib
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pandas as pd
import streamlit as st

from contract.annotation import Annotations
from contract.errors import ProblemsError, SearchTooSlow
from contract.query_text import write_query
from contract.run import Run, Status
from contract.run_search import Filter, Page
from engine.report.differences import summarise_differences
from engine.runs.annotate import read_annotations
from engine.runs.search import COUNT_CAP, count_runs, search_runs
from engine.runs.summaries import read_summaries
from ui.history import selection
from ui.history.columns import values_of
from ui.result.headline import headline_text
from ui.shell import cached, sitemap
from ui.shell.formatting import STATUS
from ui.shell.problems import show_outages
from ui.shell.session import current_actor
from ui.shell.time_zone import zone_name

LINE_LETTERS = 48  # of the columns of texts
MAX_LINES = 4  # a longer text is cut; the run's page has it whole
REFRESH_SECONDS = 2.0  # s between two readings of a page with live runs
CSV_ROUTE = "/api/runs/export/csv"


def day_range(days: Sequence[dt.date], zone: dt.tzinfo = dt.UTC) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return the first and the last moment of a range of days in `zone`; one day alone is open at its end."""
    if not days:
        return None, None
    start = dt.datetime.combine(days[0], dt.time(), zone)
    end = dt.datetime.combine(days[1] + dt.timedelta(days=1), dt.time(), zone) if len(days) > 1 else None
    return start, end


def show_runs(wanted: Filter, *, limit: int, columns: Sequence[str] = ()) -> None:
    """Show the runs that `wanted` lets through, with these inputs and figures as columns."""
    # Cursors passed on the way here, so that "newer" needs no query that runs backwards.
    trail: list[str | None] = st.session_state.setdefault("history_trail", [None])
    if st.session_state.get("history_filter") != wanted:
        st.session_state["history_filter"] = wanted
        trail[:] = [None]
    page = search_runs(cached.context(), wanted, actor=current_actor(), after=trail[-1], limit=limit)
    live = _has_live(page)
    unshown = [page]  # the fragment shows what has just been read, and reads again only when it runs by itself

    def show_page() -> None:
        with show_outages():
            if unshown:
                _show_page(unshown.pop(), wanted, columns)
                return
            newer = search_runs(cached.context(), wanted, actor=current_actor(), after=trail[-1], limit=limit)
            _show_page(newer, wanted, columns)
            if live and not _has_live(newer):
                st.rerun()  # nothing will change any more: the page is drawn without the timer

    st.fragment(show_page, run_every=REFRESH_SECONDS if live else None)()
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button("Newer", icon=":material/chevron_left:", disabled=len(trail) == 1):
            trail.pop()
            st.rerun()
        if st.button("Older", icon=":material/chevron_right:", disabled=page.next_cursor is None):
            trail.append(page.next_cursor)
            st.rerun()
        st.space("stretch")
        if page.runs:
            st.link_button("CSV", csv_link(wanted), icon=":material/download:", help="Every run of this list")


def csv_link(wanted: Filter) -> str:
    """Return the address of the streaming route for every run that `wanted` lets through."""
    query: dict[str, Any] = {
        "app": wanted.app,
        "status": [str(status) for status in wanted.statuses],
        "user": wanted.user,
        "since": wanted.since and wanted.since.isoformat(),
        "until": wanted.until and wanted.until.isoformat(),
        "text": wanted.text,
        "query": write_query(wanted.query),
        "zone": wanted.zone if wanted.query is not None else None,
    }
    given = urlencode({key: value for key, value in query.items() if value}, doseq=True)
    return f"{CSV_ROUTE}?{given}" if given else CSV_ROUTE


def _has_live(page: Page) -> bool:
    return any(not run.status.final for run in page.runs)


def _show_page(page: Page, wanted: Filter, columns: Sequence[str]) -> None:
    if not page.runs:
        if wanted == Filter():
            st.info("No run yet. Choose a model, move its sliders and press Run: every run is kept here.")
            st.page_link(sitemap.make_page("catalogue"), label="Choose a model")
        else:
            st.info("No run fits these filters. Clear one of them.")
        return
    st.caption(_count_text(page, wanted))
    context, actor = cached.context(), current_actor()
    summaries = read_summaries(context, page.runs, actor=actor)
    said = read_annotations(context, [run.id for run in page.runs], actor=actor)
    frame = to_dataframe(page.runs, summaries)
    for place, text in enumerate(columns):
        frame.insert(4 + place, text, values_of(text, page.runs, summaries))
    if any(one.tags or one.stars or one.baseline for one in said.values()):
        frame.insert(2, "Tags", [_tags_text(said[run.id], actor.name) for run in page.runs])
    # Ticks are places in the list: where a run has come in, they would be on others.
    ids = [str(run.id) for run in page.runs]
    event = st.dataframe(
        frame,
        key=f"history_rows_{zlib.crc32(' '.join(ids).encode()):x}",
        hide_index=True,
        height="content",
        row_height=_row_height(frame),
        on_select="rerun",
        selection_mode=["multi-row", "single-cell"],
        column_config=column_config(),
    )
    if event and event["selection"]["cells"]:
        st.switch_page(sitemap.make_page("run"), query_params={"id": ids[event["selection"]["cells"][0][0]]})
    ticked = [page.runs[row] for row in (event["selection"]["rows"] if event else []) if row < len(page.runs)]
    if ticked:
        selection.show_actions(ticked)


def column_config() -> dict[str, Any]:
    """Return how the columns are written: times in the browser's zone, long texts wrapped."""
    return {
        "Queued": st.column_config.DatetimeColumn(
            format="YYYY-MM-DD HH:mm:ss", timezone=zone_name(), width=150, help=f"Time zone: {zone_name()}"
        ),
        "Tags": st.column_config.TextColumn(width=210),
        "Seconds": st.column_config.NumberColumn(format="%.3f", width="small"),
        "Inputs": st.column_config.TextColumn(width=330, help="What differs from the model's starting values"),
        "Result": st.column_config.TextColumn(width=370, help="The headline figure, or why there is none"),
    }


def to_dataframe(runs: Sequence[Run], summaries: Mapping[UUID, Any] | None = None) -> pd.DataFrame:
    """Return the runs as the table shows them; `summaries` are those of their results, by run."""
    found = summaries or {}
    return pd.DataFrame(
        {
            "Model": [r.app_name for r in runs],
            "Status": [STATUS[r.status].words + (" (reused)" if r.reused_from else "") for r in runs],
            "Inputs": [_inputs_text(r) for r in runs],
            "Result": [_result_text(r, found.get(r.id)) for r in runs],
            "Queued": [r.queued_at for r in runs],
            "Seconds": [r.duration.total_seconds() if r.duration else None for r in runs],
            "User": [r.user for r in runs],
            "Run": [str(r.id)[-8:] for r in runs],
        }
    )


def _count_text(page: Page, wanted: Filter) -> str:
    """Return how many runs there are; where counting takes too long, how many there are at least."""
    try:
        count = count_runs(cached.context(), wanted, actor=current_actor(), cap=COUNT_CAP)
    except SearchTooSlow:
        return f"{len(page.runs):,} or more runs; to count them takes too long"
    return "1 run" if count == 1 else f"{count:,}{'+' if count >= COUNT_CAP else ''} runs"


def _tags_text(said: Annotations, user: str) -> str:
    marks = ["★"] * said.starred_by(user) + ["Baseline"] * (said.baseline is not None)
    return ", ".join([*([" ".join(marks)] if marks else []), *(tag.text for tag in said.tags)])


def _inputs_text(run: Run) -> str:
    """Return what distinguishes the run: which inputs differ from the starting values."""
    try:
        manifest = cached.run_manifest(run)
    except ProblemsError:
        return ""
    return summarise_differences(manifest, run.inputs)


def _result_text(run: Run, summary: Any) -> str:
    """Return the headline figure of a success, the reason of any other end."""
    if run.status is not Status.SUCCESS or summary is None:
        return " ".join((run.reason or "").split())
    try:
        manifest = cached.run_manifest(run)
    except ProblemsError:
        return ""
    return headline_text(manifest, summary)


def _row_height(frame: pd.DataFrame) -> int | None:
    """Return the rows' height in pixels, in which the longest text has its lines; None where each has one."""
    lines = math.ceil(int(frame[["Inputs", "Result"]].map(len).to_numpy().max()) / LINE_LETTERS)
    return 20 * min(lines, MAX_LINES) + 16 if lines > 1 else None
