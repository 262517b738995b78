"""Follow a run on the page: status, place in the queue, progress, partial results, log, Cancel, then the result.

Chosen: the script waits on pushes of the process's listener as the last thing a page does, and paints into
placeholders: an event is on the screen within tens of milliseconds. At each turn it yields, so that a widget,
another page or a closed tab ends it at once; the run itself goes on in its worker and is found again by its id.
Cancel stands above, outside any fragment.
Left out: polling.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import streamlit as st

from contract.result import parse_result
from contract.run import Run, Status
from engine.runs.cancel import cancel
from engine.runs.follow import Snapshot, follow, wait_for_end
from ui.result import results
from ui.shell import cached
from ui.shell.currency import result_in_currency
from ui.shell.formatting import STATUS, duration

# A run that ends within this many seconds needs no live view: painting one would take longer than it is seen.
RECONNECT_SECONDS = 0.08

Paint = Callable[[Snapshot], None]


def follow_run(run_id: UUID, first: Snapshot, done: Paint) -> None:
    """Show the run until it ends, then hand its last snapshot to `done`.

    Args:
        run_id: the run.
        first: the run as the page has just read it.
        done: paints the finished run; called in place of the live view.
    """
    if not first.final:
        first = wait_for_end(cached.context(), run_id, RECONNECT_SECONDS)
    if first.final:
        done(first)
        return
    bar = st.empty()
    with bar.container(horizontal=True, vertical_alignment="center"):
        head = st.empty()
        st.button(
            "Cancel",
            key=f"cancel-{run_id}",
            icon=":material/stop_circle:",
            on_click=_cancel,
            args=(run_id,),
        )
    progress, so_far = st.empty(), _PartialView()
    ticked = 0.0
    now = first
    shown_seq = -1
    for event in follow(cached.context(), run_id, first):
        _ = st.session_state.get("turn")  # a yield point: a waiting rerun or a closed tab ends the script here
        if event is not None:
            now = event
            if now.final:
                break
        if event is not None or time.monotonic() - ticked >= 1.0:
            ticked = time.monotonic()
            _show_head(head, now)
        if event is not None and now.run.seq > shown_seq:
            shown_seq = now.run.seq
            _show_progress(progress, now.run)
            if now.shown or now.log:
                so_far.paint(now)
    bar.empty()
    progress.empty()
    so_far.clear()
    with so_far.body:
        done(now)


def _cancel(run_id: UUID) -> None:
    cancel(cached.context(), run_id)


def _show_head(slot: st.delta_generator.DeltaGenerator, now: Snapshot) -> None:
    run = now.run
    since = run.started_at or run.queued_at
    elapsed = duration((datetime.now(UTC) - since).total_seconds(), live=True)
    if run.status is Status.PENDING:
        ahead = "next in line" if not now.place else f"{now.place} ahead of it"
        text = f"Queued, {ahead} · {elapsed}"
    else:
        text = f"{run.message or 'Running'} · {elapsed}"
    if run.cancel_requested:
        text = f"Cancelling · {elapsed}"
    slot.status(text, state="running")


def _show_progress(slot: st.delta_generator.DeltaGenerator, run: Run) -> None:
    if run.progress is not None:
        slot.progress(min(1.0, max(0.0, run.progress)))


class _PartialView:
    """Paints what a run has shown so far, again and again, in one place for as long as its shape stays the same.

    A busy server sends several paints together, and Streamlit then puts what is painted where something unsent
    stands in that one's stead, earlier in the line. A block of another kind that comes to a place drops what is in
    it, so that its contents, sent too early, are lost, and the page with them. What has another shape therefore
    gets a place of its own, and so does the end of the run.
    """

    def __init__(self) -> None:
        self.body = st.container()
        self._place: st.delta_generator.DeltaGenerator | None = None
        self._shape: tuple[object, ...] = ()

    def paint(self, now: Snapshot) -> None:
        """Paint a snapshot over the one before."""
        _, _, manifest, _ = cached.load_model(now.run.app_slug, now.run.version)
        partial = result_in_currency(parse_result(now.shown, manifest.outputs))
        shape = (*results.layout_key(partial), bool(now.log))
        if self._place is None or shape != self._shape:
            self.clear()
            self._place, self._shape = self.body.empty(), shape
        with self._place.container():
            if not partial.empty:
                results.show_result(partial, run=now.run, partial=True)
            if now.log:
                with st.expander("Log", icon=":material/terminal:"):
                    st.code(now.log[-20_000:], language=None)

    def clear(self) -> None:
        """Take away what has been painted."""
        if self._place is not None:
            self._place.empty()


def status_badge(run: Run) -> None:
    """Show a run's status as a badge, in words and not by colour alone."""
    look = STATUS[run.status]
    st.badge(look.words, icon=look.icon, color=look.color)
