"""See how the installation does: workers, live runs, totals by model, durations and runs per day."""

import pandas as pd
import streamlit as st

from contract.run import Status
from contract.run_search import Filter
from engine.processes.status import list_workers, queue_counts
from engine.runs.search import search_runs
from ui.gateway import costs
from ui.history import runs_table
from ui.shell import cached
from ui.shell.formatting import ENDED_COLORS, duration, relative_time
from ui.shell.problems import show_outages
from ui.shell.session import current_actor

REFRESH = 2.0  # s
SHOWN = 50  # runs
MEAN_HELP = "Of the successes that were computed, not reused, among the last thousand runs of each model"

st.title("Monitor", anchor=False)


@st.fragment(run_every=REFRESH)
def show() -> None:
    """Show everything once; the fragment runs again by itself."""
    with show_outages():
        _show()


def _show() -> None:
    context, actor = cached.context(), current_actor()
    alive = list_workers(context, actor=actor)
    live = search_runs(context, Filter(statuses=(Status.PENDING, Status.RUNNING)), actor=actor, limit=SHOWN).runs
    queued, running = queue_counts(context, actor=actor)
    found = cached.usage_stats()
    rate = found["success_rate"]
    with st.container(horizontal=True):
        st.metric("Runs", f"{found['total']:,}", border=True)
        st.metric("Success rate", "–" if rate is None else f"{rate:.1%}", border=True)
        st.metric("Average duration", duration(found["mean_seconds"]), border=True, help=MEAN_HELP)
        st.metric("Runs today", f"{found['today']:,}", border=True, help="Since midnight, UTC")
        st.metric("Queued", f"{queued:,}", border=True)
        st.metric("Running", f"{running:,}", border=True)
        st.metric("Workers", len(alive), border=True)
    if not alive:
        st.warning("No workers online. Runs wait until one is: see the operator's guide.")
    st.subheader("Queued and running", anchor=False)
    if live:
        st.dataframe(runs_table.to_dataframe(live), hide_index=True, column_config=runs_table.column_config())
        if queued + running > len(live):
            st.caption(f"The newest {len(live)} of {queued + running:,}.")
    else:
        st.caption("The queue is empty.")
    st.subheader("Workers", anchor=False)
    st.dataframe(
        pd.DataFrame(
            {
                "Worker": [w.name for w in alive],
                "Confinement": [w.tier for w in alive],
                "Runs at once": [w.concurrency for w in alive],
                "Started": [relative_time(w.started_at) for w in alive],
                "Python": [w.environment.get("python", "") for w in alive],
            }
        ),
        hide_index=True,
    )
    st.subheader("By model", anchor=False)
    models = found["by_model"]
    st.dataframe(
        pd.DataFrame(
            {
                "Model": [m["app_name"] for m in models],
                "Runs": [m["runs"] for m in models],
                "Success rate": [m["success_rate"] for m in models],
                "Average": [duration(m["mean"]) for m in models],
                "Median": [duration(m["p50"]) for m in models],
                "95th percentile": [duration(m["p95"]) for m in models],
                "Last run": [relative_time(m["last_run_at"]) for m in models],
            }
        ),
        hide_index=True,
        column_config={"Success rate": st.column_config.NumberColumn(format="percent")},
    )
    costs.show_costs()
    if found["by_day"]:
        st.subheader("Runs per day", anchor=False)
        days = pd.DataFrame(found["by_day"]).set_index("day")
        st.bar_chart(
            pd.DataFrame({"Success": days["successes"], "Other": days["runs"] - days["successes"]}),
            x_label="Day (UTC)",
            y_label="Runs",
            color=list(ENDED_COLORS),
        )


show()
