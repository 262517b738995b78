"""A run that has ended: its status, its result or what failed, its log, and where it came from.

Chosen: the same view inline under a form and on the run's own page; what failed is said in the analyst's words
first, with the model's own traceback and a report for its author below.
Left out: the drawing of a result, which is `ui.result.results`.
"""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from contract.errors import ProblemsError
from contract.result import Result, parse_result
from contract.run import Run, Status
from engine.runs.export import whole_series
from engine.runs.follow import Snapshot
from storage import results as stored
from ui.form.links import run_link
from ui.result import provenance, results, run_progress
from ui.shell import cached, sitemap
from ui.shell.currency import result_in_currency
from ui.shell.formatting import duration


def show_ended_run(now: Snapshot) -> None:
    """Show a run that has ended."""
    run = now.run
    with st.container(horizontal=True, vertical_alignment="center", key=f"ended-{run.id}"):
        run_progress.status_badge(run)
        seconds = run.duration.total_seconds() if run.duration else None
        st.caption(duration(seconds) if seconds is not None else "")
        if run.reused_from:
            st.page_link(
                sitemap.make_page("run"),
                label=f"reused from run {str(run.reused_from)[-8:]}",
                query_params={"id": str(run.reused_from)},
                icon=":material/recycling:",
            )
    if run.status is not Status.SUCCESS:
        _show_failure(now)
    for warning in run.warnings:
        st.warning(warning, icon=":material/warning:")
    try:
        _, _, manifest, _ = cached.load_model(run.app_slug, run.version)
        result = result_in_currency(parse_result(now.shown, manifest.outputs))
    except ProblemsError as error:
        cached.show_problems(error)
        return
    if not result.empty or result.warnings:
        _show_result(run, result, now.nulls)
    elif run.status is Status.SUCCESS:
        st.info("The model returned an empty result.")
    if now.log:
        with st.expander("Log", icon=":material/terminal:"):
            st.code(now.log[-50_000:], language=None)
    panel = st.expander(
        "Inputs and provenance", icon=":material/fingerprint:", key=f"provenance-{run.id}", on_change="rerun"
    )
    if panel.open:  # most readers want the figures first: what is folded away is not worked out
        with panel:
            provenance.show_provenance(run, manifest)


def _show_result(run: Run, result: Result, nulls: Mapping[str, Any]) -> None:
    source = run.reused_from or run.id

    def read_part(name: str, offset: int, limit: int) -> Any:
        with cached.context().database.read() as conn:
            return stored.read_part(conn, source, name, offset, limit)

    def read_file(name: str) -> bytes:
        with cached.context().database.read() as conn:
            return stored.read_file(conn, source, name)

    results.show_result(
        result,
        run=run,
        read_part=read_part,
        points=lambda series: whole_series(cached.context(), source, series),
        nulls=nulls,
        read_file=read_file,
    )


def _show_failure(now: Snapshot) -> None:
    run = now.run
    show_reason = st.warning if run.status is Status.CANCELLED else st.error
    show_reason(run.reason or "The run ended without a result.", icon=":material/report:")
    if now.shown:
        st.caption("What the model had shown before it ended follows below.")
    if run.traceback:
        with st.expander("Where in the model it failed", icon=":material/bug_report:"):
            st.code(run.traceback, language="python")
    if run.status in {Status.FAILED, Status.TIMED_OUT}:
        with st.popover("Copy for the author", icon=":material/content_copy:"):
            st.caption("Everything the model's author needs to see the same failure.")
            st.code(failure_report(now), language=None, wrap_lines=True)


def failure_report(now: Snapshot) -> str:
    """Return a plain-text report of a failed run for the model's author."""
    run = now.run
    lines = [
        f"Model:    {run.app_name} ({run.app_slug}), version {run.version}",
        f"Run:      {run.id}, seed {run.seed}",
        f"Status:   {run.status}: {run.reason}",
        f"Inputs:   {json.dumps(run.inputs, ensure_ascii=False)[:4_000]}",
        f"Packages: {', '.join(f'{k} {v}' for k, v in run.environment.items())}",
    ]
    if run.traceback:
        lines += ["", run.traceback.rstrip()]
    if now.log:
        lines += ["", "Log (end):", now.log[-4_000:].rstrip()]
    return "\n".join(lines)


def copy_link(run: Run) -> None:
    """Offer the run's link with a copy button."""
    with st.popover("Copy link", icon=":material/link:"):
        st.caption("Shows this run, live or finished, exactly as it was.")
        st.code(absolute_url(run_link(run.id)), language=None, wrap_lines=True)


def edit_link(run: Run) -> None:
    """Offer the form filled in with this run's inputs and version."""
    st.page_link(
        sitemap.make_page("model"),
        label="Edit and run again",
        icon=":material/edit:",
        query_params={"app": run.app_slug, "version": run.version, "from": str(run.id)},
    )


def absolute_url(path: str) -> str:
    """Return the address of `path` on the server the browser talks to."""
    base = st.context.url or ""
    parts = base.split("/", 3)
    return "/".join(parts[:3]) + path if len(parts) >= 3 else path
