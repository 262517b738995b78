"""Work with one model: set its inputs, run it, watch and read the result."""

from typing import Any
from uuid import UUID

import streamlit as st

from contract.errors import ProblemsError
from engine.runs.follow import snapshot
from engine.runs.uploads import store_upload
from ui.form import submission
from ui.form.form import show_form
from ui.form.layout import form_layout
from ui.gateway import model_choice
from ui.model import model_info, run_panel, scenarios
from ui.shell import cached, sitemap
from ui.shell.markup import code
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

params, actor = st.query_params.to_dict(), current_actor()
if not params.get("app"):
    st.switch_page(sitemap.make_page("catalogue"))
try:
    app, version, manifest, cases = cached.load_model(params.get("app", ""), params.get("version"))
    source = snapshot(cached.context(), UUID(params["from"]), actor=actor).run if "from" in params else None
except (ProblemsError, ValueError) as error:
    st.title("Model", anchor=False)
    if isinstance(error, ProblemsError):
        show_problems(error)
    else:
        st.error(f"The link names no run to start from: from={code(params['from'])}. Copy it again.")
    st.page_link(sitemap.make_page("catalogue"), label="Open the catalogue")
    st.stop()

model_info.show_header(app, manifest, version)
submission.cancel_other_model(app.slug)
start: dict[str, Any] = {**manifest.initial_values, **(source.inputs if source else {})}
saved = scenarios.saved_presets(app, version, manifest, params)
wide = form_layout(manifest) == "wide"  # a table needs the page's width: the result stands below the form
left, right = (st.container(), st.container()) if wide else st.columns([4, 7], gap="large")
with left:
    bar = st.container(horizontal=True, vertical_alignment="center", key="runbar")
    model_choice.show_model_list(app, manifest, run_panel.form_key(app, version))
    form_values = show_form(
        manifest,
        start=start,
        link=params,
        cases=cases,
        refusals=lambda values: run_panel.model_refusals(manifest, values, params.get("run")),
        store_file=lambda name, content: store_upload(cached.context(), name, content, actor=actor),
        key_prefix=run_panel.form_key(app, version),
        saved=saved,
    )
scenarios.leave_deleted(form_values)
run_panel.show_run_panel(app, version, manifest, cases, form_values, bar, right)
