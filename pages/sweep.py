"""Sweeps and other analyses of many runs: set one up for a model, watch it and read it; or the list of all."""

from typing import Any
from uuid import UUID

import streamlit as st

from contract.errors import ProblemsError
from engine.runs.follow import snapshot
from ui.analysis import change_setup, setup, upgrade_setup
from ui.analysis.group_list import show_groups, show_list_button
from ui.analysis.group_view import show_group
from ui.form import links
from ui.shell import cached
from ui.shell.markup import code, escape
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

params = st.query_params.to_dict()
try:
    group_id = UUID(params["id"]) if "id" in params else None
    source_id = UUID(params["from"]) if "from" in params else None
    shown_id = UUID(params["run"]) if "run" in params else None
except ValueError:
    st.title("Sweeps", anchor=False)
    given = next(params[key] for key in ("id", "from", "run") if key in params)
    st.error(f"The link names no run or group: {code(given)}. Copy it again.")
    show_list_button()
    st.stop()

started = None
try:
    if group_id is not None:
        show_group(group_id)
    elif "before" in params or "after" in params:
        st.title("Analysis of change", anchor=False)
        started = change_setup.show_change_setup(params)
    elif "app" in params and "upgrade" in params:
        st.title("Upgrade impact", anchor=False)
        started = upgrade_setup.show_upgrade_setup(params)
    elif "app" in params:
        app, version, manifest, _ = cached.load_model(params["app"], params.get("version"))
        source = snapshot(cached.context(), source_id, actor=current_actor()).run if source_id else None
        read = links.parse(manifest, params)
        values: dict[str, Any] = {**manifest.initial_values, **(source.inputs if source else {}), **read.values}
        st.title(escape(app.name), anchor=False)
        for problem in [*read.errors.values(), *read.unknown]:
            st.error(escape(problem.text), icon=":material/link_off:")
        setup.show_inputs(manifest, values, params)
        started = setup.show_setup(setup.Model(app, version, manifest, values, source_id or shown_id))
    else:
        st.title("Sweeps", anchor=False)
        st.markdown("Sweeps, sensitivities, goal seeks, analyses of change, upgrade impacts: many runs, read together.")
        show_groups()
except ProblemsError as error:
    st.title("Sweeps", anchor=False)
    show_problems(error)
if params:
    show_list_button()
if started is not None:
    st.query_params.from_dict({"id": str(started.id)})
    st.rerun()
