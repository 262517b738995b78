"""The analysis of one holding: a choice of holding, and five metrics that fill in one by one.

Chosen: each metric has its place from the beginning, with a spinner until its run has ended; what is shown is the run's
own result, as its page shows it, and a link leads there.
Left out: tables and notes, which the run's page has.
"""

from dataclasses import replace

import streamlit as st

from contract.errors import ProblemsError
from contract.portfolio import METRIC_TITLES, Analysis, AnalysisStatus, Metric, PortfolioState
from contract.result import parse_result
from contract.run import Status
from engine.portfolio.analyses import analyze, cancel_analysis
from engine.runs.follow import snapshot
from ui.result.results import show_result
from ui.shell import cached, sitemap
from ui.shell.currency import result_in_currency
from ui.shell.formatting import timestamp
from ui.shell.markup import escape
from ui.shell.problems import show_problems
from ui.shell.session import current_actor
from ui.shell.time_zone import session_zone

SPINNER = '<div class="tontine-waiting" role="status">Working</div>'
HASH_SHOWN = 12  # letters of a snapshot's hash
CHOICE = "portfolio-ticker"
FAILURE = "portfolio-analysis-failure"


def show_analysis(state: PortfolioState) -> None:
    """Draw the choice of holding and the metrics of the analysis that was asked for last."""
    tickers = [holding["ticker"] for holding in state.body["holdings"]]
    if not tickers:
        st.info("There are no holdings yet. Add some below.")
        return
    analysis = state.analysis
    st.subheader("Analysis", anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", key="portfolio-choice"):
        for ticker in tickers:
            chosen = analysis is not None and analysis.ticker == ticker
            st.button(
                escape(ticker),
                key=f"{CHOICE}-{ticker}",
                type="primary" if chosen else "secondary",
                help=f"Analyse {escape(ticker)}",
                on_click=_analyze,
                args=(state, ticker),
            )
        if analysis is not None and analysis.status is AnalysisStatus.RUNNING:
            st.button("Cancel", key="portfolio-cancel", icon=":material/stop_circle:", on_click=_cancel, args=(state,))
    failure = st.session_state.pop(FAILURE, None)
    if failure is not None:
        show_problems(failure)
    if analysis is None:
        st.caption("Choose a holding: five metrics of it are worked out on one snapshot of holdings and prices.")
        return
    _show_head(analysis)
    for row in (analysis.metrics[:2], analysis.metrics[2:4], analysis.metrics[4:]):
        for column, metric in zip(st.columns(len(row)), row, strict=True):
            with column, st.container(border=True, key=f"metric-{metric.kind}"):
                _show_metric(metric)


def _show_head(analysis: Analysis) -> None:
    done = sum(metric.number is not None for metric in analysis.metrics)
    words = {
        AnalysisStatus.RUNNING: f"{done} of {len(analysis.metrics)} metrics",
        AnalysisStatus.COMPLETE: "complete",
        AnalysisStatus.CANCELLED: f"cancelled after {done} of {len(analysis.metrics)} metrics",
    }[analysis.status]
    zone = session_zone()
    st.caption(
        f"{escape(analysis.ticker)}, {words} · snapshot `{analysis.snapshot_hash[:HASH_SHOWN]}` of prices of "
        f"{analysis.market_as_of:%Y-%m-%d}, taken {timestamp(analysis.started_at, zone)}"
    )


def _show_metric(metric: Metric) -> None:
    title = METRIC_TITLES[metric.kind]
    st.markdown(f"**{title}**")
    if metric.status is None:
        st.html(SPINNER)
        return
    found = snapshot(cached.context(), metric.run_id, actor=current_actor())
    run = found.run
    if run.status is Status.SUCCESS:
        manifest = cached.run_manifest(run)
        result = result_in_currency(parse_result(found.shown, manifest.outputs))
        show_result(replace(result, tables=(), notes=None), run=run, key=f"portfolio-{metric.kind}")
    else:
        st.warning(escape(run.reason or str(run.status).capitalize()), icon=":material/error:")
    st.page_link(
        sitemap.make_page("run"), label="Open run", icon=":material/query_stats:", query_params={"id": str(run.id)}
    )


def _analyze(state: PortfolioState, ticker: str) -> None:
    try:
        analyze(cached.context(), state.id, ticker, actor=current_actor())
    except ProblemsError as error:
        st.session_state[FAILURE] = error


def _cancel(state: PortfolioState) -> None:
    try:
        cancel_analysis(cached.context(), state.id, actor=current_actor())
    except ProblemsError as error:
        st.session_state[FAILURE] = error
