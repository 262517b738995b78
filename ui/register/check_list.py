"""The checks of a model as a list that grows while a worker makes them.

Chosen: one line a check, what to do below what did not pass; while checks are under way the list alone is read again
every second, and the page once more at their end.
Left out: what comes next, which is `ui.register.preview`.
"""

import streamlit as st

from contract.checks import CheckResult, Level
from contract.errors import ProblemsError
from contract.registration import Registration
from engine.models.registration import find_registration
from engine.processes.status import list_workers
from ui.shell import cached
from ui.shell.markup import escape, escape_lines
from ui.shell.problems import show_outages, show_problems
from ui.shell.session import current_actor

REFRESH_SECONDS = 1.0
ICONS = {
    Level.PASS: ":green[:material/check_circle:]",
    Level.WARNING: ":orange[:material/warning:]",
    Level.FAIL: ":red[:material/cancel:]",
}
WORDS = {Level.PASS: "passed", Level.WARNING: "warning", Level.FAIL: "failed"}


def show_checks(registration: Registration) -> None:
    """Show the results so far, and the rest as they are found."""
    if registration.checked:
        _show(registration)
        return

    def show_live() -> None:
        with show_outages():
            try:
                now = find_registration(cached.context(), registration.id, actor=current_actor())
            except ProblemsError as error:
                show_problems(error)
                return
            _show(now)
            if now.checked:
                st.rerun()  # the form and Publish come with the whole page

    st.fragment(show_live, run_every=REFRESH_SECONDS)()


def summarise(results: tuple[CheckResult, ...]) -> str:
    """Return how many checks passed, warned and failed: `8 passed, 1 warning`."""
    counts = {level: sum(r.level is level for r in results) for level in Level}
    plural = "" if counts[Level.WARNING] == 1 else "s"
    parts = [f"{count} {WORDS[level]}{plural if level is Level.WARNING else ''}" for level, count in counts.items()]
    return ", ".join(part for part in parts if not part.startswith("0 "))


def _show(registration: Registration) -> None:
    results = registration.checks
    if not registration.checked:
        alive = list_workers(cached.context(), actor=current_actor())
        if alive:
            st.caption(f":material/progress_activity: Checking. {summarise(results)}")
        else:
            st.warning("No workers online. The checks wait until one is: see the operator's guide.")
    else:
        st.caption(summarise(results))
    with st.container(gap="xsmall", key="checks"):
        for result in results:
            _show_result(result)


def _show_result(result: CheckResult) -> None:
    where = f" · {escape(result.where)}" if result.where and result.where != result.check else ""
    found = escape_lines(result.found)
    lines = [f"{ICONS[result.level]} **{escape(result.check)}**{where}: {found}"]
    if result.hint and result.level is not Level.PASS:
        lines.append(f"**What to do:** {escape(result.hint)}")
    st.markdown("  \n".join(lines))
    if result.detail:
        with st.expander("Traceback"):
            st.code(result.detail, language="python")
