"""Runs as a table: selecting a row opens the run, pages by keyset, the filtered list as CSV.

Chosen: pages of fifty come from the database by key, so that the millionth run is as near as the first; while a
run of the page is live, the table alone is read again every two seconds. The CSV comes from the API's streaming route,
whatever its length.
Left out: sorting by other columns. The order is the order of time.
"""

import datetime as dt
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode

import pandas as pd
import streamlit as st

from contract.run import Run
from contract.run_search import Filter, Page
from engine.runs.search import COUNT_CAP, count_runs, search_runs
from ui.shell import cached, sitemap
from ui.shell.formatting import STATUS
from ui.shell.problems import show_outages
from ui.shell.session import current_actor

REFRESH_SECONDS = 2.0  # s between two readings of a page with live runs
CSV_ROUTE = "/api/runs/export/csv"


def day_range(days: Sequence[dt.date]) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Return the first and the last moment of a range of days, in UTC; one day alone is open at its end."""
    if not days:
        return None, None
    start = dt.datetime.combine(days[0], dt.time(), dt.UTC)
    end = dt.datetime.combine(days[1] + dt.timedelta(days=1), dt.time(), dt.UTC) if len(days) > 1 else None
    return start, end


def show_runs(wanted: Filter, *, limit: int) -> None:
    """Show the runs that `wanted` lets through."""
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
                _show_page(unshown.pop(), wanted)
                return
            newer = search_runs(cached.context(), wanted, actor=current_actor(), after=trail[-1], limit=limit)
            _show_page(newer, wanted)
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
    }
    given = urlencode({key: value for key, value in query.items() if value}, doseq=True)
    return f"{CSV_ROUTE}?{given}" if given else CSV_ROUTE


def _has_live(page: Page) -> bool:
    return any(not run.status.final for run in page.runs)


def _show_page(page: Page, wanted: Filter) -> None:
    if not page.runs:
        if wanted == Filter():
            st.info("No run yet. Choose a model, move its sliders and press Run: every run is kept here.")
            st.page_link(sitemap.make_page("catalogue"), label="Choose a model")
        else:
            st.info("No run fits these filters. Clear one of them.")
        return
    count = count_runs(cached.context(), wanted, actor=current_actor(), cap=COUNT_CAP)
    st.caption(f"{count:,}{'+' if count >= COUNT_CAP else ''} runs" if count != 1 else "1 run")
    event = st.dataframe(
        to_dataframe(page.runs),
        key="history_rows",
        hide_index=True,
        height="content",
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "Queued": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm:ss", timezone="UTC", width="medium"),
            "Seconds": st.column_config.NumberColumn(format="%.3f", width="small"),
            "Inputs": st.column_config.TextColumn(width="large"),
        },
    )
    rows = event["selection"]["rows"] if event else []
    if rows:
        st.switch_page(sitemap.make_page("run"), query_params={"id": str(page.runs[rows[0]].id)})


def to_dataframe(runs: Sequence[Run]) -> pd.DataFrame:
    """Return the runs as the table shows them."""
    return pd.DataFrame(
        {
            "Model": [r.app_name for r in runs],
            "Status": [STATUS[r.status].words + (" (reused)" if r.reused_from else "") for r in runs],
            "Queued": [r.queued_at for r in runs],
            "Seconds": [r.duration.total_seconds() if r.duration else None for r in runs],
            "User": [r.user for r in runs],
            "Inputs": [_inputs_text(r) for r in runs],
            "Reason": [r.reason or "" for r in runs],
            "Run": [str(r.id)[-8:] for r in runs],
        }
    )


def _inputs_text(run: Run) -> str:
    shown = []
    for key, value in run.inputs.items():
        text = f"{len(value)} rows" if isinstance(value, list) and value and isinstance(value[0], dict) else str(value)
        shown.append(f"{key} {text}")
    return ", ".join(shown)[:300]
