"""Set up an upgrade impact: the version to replay on, which runs and how many of them, and Start.

Left out: making the version current, which the model's versions do.
"""

from collections.abc import Mapping

import streamlit as st

from contract.errors import ProblemsError
from contract.run_group import RunGroup
from engine.analysis.upgrade import MOST_RUNS, RUNS, plan_upgrade, start_upgrade
from engine.models import lifecycle
from engine.models.catalogue import find_app
from ui.analysis.start import show_start
from ui.model.version_notice import version_label
from ui.shell import cached
from ui.shell.markup import escape
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

ANY = "any"


def show_upgrade_setup(params: Mapping[str, str]) -> RunGroup | None:
    """Draw the set-up for the model and version that the address names, and return the group once it is started."""
    context, actor = cached.context(), current_actor()
    try:
        app = find_app(context, params["app"], actor=actor)
        versions = {one.hash: one for one in lifecycle.list_versions(context, app, actor=actor)}
    except ProblemsError as error:
        show_problems(error)
        return None
    target, others = params["upgrade"], [one for one in versions if one != params["upgrade"]]
    name = version_label(versions[target], app) if target in versions else target[:12]
    st.markdown(f"Replay the last runs of **{escape(app.name)}** on version **{escape(name)}**, inputs and seeds kept.")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        before = st.selectbox(
            "Runs of",
            [ANY, *others],
            format_func=lambda one: "Every other version" if one == ANY else version_label(versions[one], app),
            key="upgrade-before",
        )
        runs = st.number_input("Runs", 1, MOST_RUNS, RUNS, key="upgrade-runs", help="The newest; equal inputs once")
    wanted = {"runs": int(runs), "before": None if before == ANY else before}
    return show_start(
        lambda: plan_upgrade(context, app.slug, target, actor=actor, **wanted),
        lambda press: start_upgrade(context, app.slug, target, actor=actor, group_id=press, **wanted),
    )
