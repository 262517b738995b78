"""A run on the page: its status, its result or what failed, its log, and where it came from.

Chosen: the same view inline under a form and on the run's own page, live and ended, each part in a place of its own:
the result of the next run is painted over that of the one before, which stays in sight, dimmed, until there is
something to paint. What failed is said in the analyst's words first, with the model's own traceback and a report for
its author below.
Left out: the drawing of a result, which is `ui.result.results`.
"""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from contract.errors import ProblemsError
from contract.manifest import Manifest
from contract.result import Result, parse_result
from contract.run import Run, Status
from contract.table_query import TableQuery
from engine.models.catalogue import find_app
from engine.runs.export import whole_series
from engine.runs.follow import Snapshot
from engine.runs.results import find_result_rows
from ui.form.links import run_link
from ui.model import source_view
from ui.result import downloads, explanation, provenance, results, run_links, run_progress, verify
from ui.shell import cached, sitemap
from ui.shell.currency import result_in_currency
from ui.shell.formatting import STATUS, duration
from ui.shell.markup import escape_lines
from ui.shell.problems import show_problems
from ui.shell.session import current_actor


def show_run(now: Snapshot, *, previous: Snapshot | None = None, copy: bool = False) -> None:
    """Show a run as it stands; must be drawn in a fragment, which is run again while the run goes on.

    Args:
        now: the run.
        previous: an ended run of the same model, shown dimmed while this one has nothing to show yet.
        copy: whether to offer the run's link.
    """
    name = now.run.app_slug.replace(".", "-")
    body = f"run-body-{name}"
    waiting = not now.final and not now.shown and not now.log
    with st.container(key=f"run-head-{name}"):
        if now.final:
            _show_status(now, copy=copy)
            run_links.show_origin(now.run)
        else:
            run_progress.show_progress(now, key=name, stale=body if waiting and previous is not None else "")
    shown = previous if waiting and previous is not None else now
    with st.container():
        if now.final and now.run.status is not Status.SUCCESS:
            _show_failure(now)
        for warning in now.run.warnings:
            st.warning(escape_lines(warning), icon=":material/warning:")
    with st.container(key=body):
        try:
            manifest = cached.run_manifest(shown.run)
            result = result_in_currency(parse_result(shown.shown, manifest.outputs))
        except ProblemsError as error:
            show_problems(error)
            return
        _show_body(shown, result, manifest)


def _show_status(now: Snapshot, *, copy: bool) -> None:
    run = now.run
    with st.container(horizontal=True, vertical_alignment="center"):
        look = STATUS[run.status]
        seconds = run.duration.total_seconds() if run.duration else None
        took = f" :small[:gray[{duration(seconds)}]]" if seconds is not None else ""
        # In words and with an icon: colour is never alone.
        st.markdown(f":{look.color}-badge[{look.icon} {look.words}]{took}", width="content")
        if run.reused_from:
            st.page_link(
                sitemap.make_page("run"),
                label=f"reused from run {str(run.reused_from)[-8:]}",
                query_params={"id": str(run.reused_from)},
                icon=":material/recycling:",
            )
        st.space("stretch")
        menu = st.popover("Export", icon=":material/download:", key=f"{run.app_slug}-export", on_change="rerun")
        if menu.open:
            with menu:
                downloads.file_links(run, parse_result(now.shown))
        if copy:
            copy_link(run)


def _show_body(now: Snapshot, result: Result, manifest: Manifest) -> None:
    run = now.run
    with st.container():
        if not result.empty or result.warnings:
            _show_result(run, result, manifest, now.nulls)
        elif run.status is Status.SUCCESS:
            st.info("The model returned an empty result.")
    name = run.app_slug
    if now.log:
        with st.expander("Log", icon=":material/terminal:", key=f"{name}-log"):
            st.code(now.log[-50_000:], language=None)
    if not now.final:
        return
    panel = st.expander(
        "Inputs and provenance", icon=":material/fingerprint:", key=f"{name}-provenance", on_change="rerun"
    )
    if panel.open:  # most readers want the figures first: what is folded away is not worked out
        with panel:
            provenance.show_provenance(run, manifest)
            if run.status is Status.SUCCESS:
                verify.show_verify(run)
    explanation.show_explanations(run)
    run_links.show_links(run)
    source = st.expander("Source of this version", icon=":material/code:", key=f"{name}-source", on_change="rerun")
    if source.open:
        with source:
            app = find_app(cached.context(), run.app_id, actor=current_actor())
            source_view.show_source(app, run.version, key=f"{name}-run")


def _show_result(run: Run, result: Result, manifest: Manifest, nulls: Mapping[str, Any]) -> None:
    context, actor = cached.context(), current_actor()

    def find_rows(name: str, query: TableQuery, offset: int, limit: int) -> tuple[Any, int]:
        return find_result_rows(context, run.id, name, query, offset, limit, actor=actor)

    results.show_result(
        result,
        run=run,
        find_rows=find_rows,
        points=lambda series: whole_series(context, run.id, series, actor=actor),
        nulls=nulls,
        headline=manifest.headline,
        partial=not run.status.final,
    )


def _show_failure(now: Snapshot) -> None:
    run = now.run
    show_reason = st.warning if run.status is Status.CANCELLED else st.error
    show_reason(escape_lines(run.reason or "The run ended without a result."), icon=":material/report:")
    if now.shown:
        st.caption("What the model had shown before it ended follows below.")
    if run.traceback:
        with st.expander("Where in the model it failed", icon=":material/bug_report:", key=f"{run.app_slug}-traceback"):
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
