"""Set up an analysis of change: two runs of one model, the order of its steps, and Start.

Left out: choosing the runs by search, which the history does.
"""

from collections.abc import Mapping
from uuid import UUID

import streamlit as st

from contract.errors import InputError, ProblemsError
from contract.problems import Problem
from contract.run_group import RunGroup
from engine.analysis.attribution import EXACT, ORDERS
from engine.analysis.change import changed_inputs, plan_change, start_change
from engine.runs.follow import snapshot
from ui.shell import cached
from ui.shell.formatting import duration
from ui.shell.markup import escape, safe_markdown
from ui.shell.press import press_id
from ui.shell.problems import show_problems
from ui.shell.session import current_actor


def show_change_setup(params: Mapping[str, str]) -> RunGroup | None:
    """Draw the set-up for the runs that the address names and return the group once it has been started.

    What is wrong with them is shown beside.
    """
    context, actor = cached.context(), current_actor()
    with st.container(horizontal=True, vertical_alignment="bottom"):
        before = st.text_input("First run", params.get("before", ""), key="change-before", help="The run's id or link")
        after = st.text_input("Second run", params.get("after", ""), key="change-after", help="The run's id or link")
    if not before or not after:
        st.caption("Copy the id or the link of each run from its page.")
        return None
    try:
        first, second = _run_ids({"First run": before, "Second run": after})
        run = snapshot(context, second, actor=actor).run
        manifest = cached.run_manifest(run)
        keys = changed_inputs(context, first, second, actor=actor)
        order = st.multiselect(
            "Order of the steps",
            keys,
            default=keys,
            format_func=lambda key: manifest.inputs[key].label if key in manifest.inputs else key,
            key=f"order-{first}-{second}",
            help="Remove inputs and add them again in the order in which to switch them",
        )
        order += [key for key in keys if key not in order]
        average = st.checkbox(
            "Average over orders",
            key="change-average",
            help=f"Exact for up to {EXACT} inputs; over {ORDERS} orders drawn at random for more",
        )
        plan = plan_change(context, first, second, order=order, average=average, actor=actor)
    except ProblemsError as error:
        show_problems(error)
        return None
    for note in plan.notes:
        st.caption(safe_markdown(note))
    with st.container(horizontal=True, vertical_alignment="center"):
        asked = st.button("Start", type="primary", icon=":material/play_arrow:", key="change-start")
        seconds = "" if plan.seconds is None else f", about {duration(plan.seconds)}"
        st.caption(escape(f"{run.app_name}: {plan.total:,} runs{seconds}"))
    if not asked:
        return None
    try:
        press = press_id(f"change {first} {second}")
        return start_change(context, first, second, order=order, average=average, actor=actor, group_id=press)
    except ProblemsError as error:
        show_problems(error)
        return None


def _run_ids(given: Mapping[str, str]) -> list[UUID]:
    found, problems = [], []
    for label, text in given.items():
        try:
            found.append(UUID(text.strip().rpartition("id=")[2][:36]))
        except ValueError:
            hint = "Copy the id or the link from the run's page."
            problems.append(Problem("runs", f"{label}: {text.strip()[:80]!r} is not a run's id or link", hint))
    if problems:
        raise InputError(problems)
    return found
