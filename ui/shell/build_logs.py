"""Build logs in the guide: those of the catalogue's models, and a template for one.

Left out: reading them, which is `engine.models.build_logs`.
"""

from datetime import UTC, datetime

import streamlit as st

from engine.models.build_logs import FILE, build_log_template, read_build_log
from ui.shell import cached
from ui.shell.markup import escape
from ui.shell.session import current_actor


def show_build_logs() -> None:
    """Show the logs there are, each folded up, then the template of a model to be chosen."""
    apps = cached.catalogue()
    st.subheader("Build logs of the catalogue", anchor=False)
    logs = [(app, read_build_log(cached.context(), app, actor=current_actor())) for app in apps]
    if not any(log for _, log in logs):
        st.caption(f"No model has a {FILE} yet.")
    for app, log in logs:
        if log:
            with st.expander(escape(app.name)):
                st.markdown(log)
    st.subheader("Template", anchor=False)
    names = {app.slug: app.name for app in apps}
    slug = st.selectbox("Model", list(names), format_func=lambda s: names[s], key="build-log-model", index=None)
    if slug:
        app, _version, manifest, _cases = cached.load_model(slug, None)
        show_template(build_log_template(app, manifest, registered=datetime.now(UTC).date()))


def show_template(template: str) -> None:
    """Show a template to be copied, with where it goes."""
    st.caption(
        f"Copy it, fill it in and save it as {FILE} in the model's folder: it is shown here with the next version."
    )
    st.code(template, language="markdown", height=400)
