"""A model's page as code: the form's inputs in Python, R, a shell and Excel, to copy.

Chosen: what a run of the form would be now, with the server's address as the browser has it. No token is ever shown:
where the server asks who calls, the code takes one from the variable TONTINE_TOKEN.
Left out: the code itself, which is `ui.code`.
"""

from collections.abc import Callable
from uuid import UUID

import streamlit as st

from contract.app import App, Version
from contract.errors import ProblemsError
from contract.manifest import Manifest
from contract.result import parse_result
from engine.runs.follow import snapshot
from ui.code.excel_call import cell_formula, cell_refusal, power_query
from ui.code.model_call import REQUEST_FILE, TOKEN, ModelCall, make_call
from ui.code.python_call import python_code
from ui.code.r_call import r_code
from ui.code.shell_call import shell_code
from ui.form.form import FormValues
from ui.result.run_view import absolute_url
from ui.shell import cached
from ui.shell.markup import escape
from ui.shell.session import current_actor

EXCEL = "Excel"
LANGUAGES: dict[str, tuple[Callable[[ModelCall], str], str, str]] = {
    "Python": (python_code, "python", "Needs the package `tontine` (folder `client`)."),
    "R": (r_code, "r", "Needs R 4.1 or newer and the package httr2."),
    "curl": (shell_code, "bash", "For bash, zsh and other POSIX shells. The answer is the run as JSON."),
}


def show_code(app: App, version: Version, manifest: Manifest, form_values: FormValues) -> None:
    """Show the calls of the model with the form's inputs; where they do not fit, only what to do."""
    if form_values.problems:
        st.info("Fix the form's inputs first: the code is written with them.", icon=":material/error:")
        return
    call = make_call(
        manifest,
        form_values.values,
        server=absolute_url(""),
        app_id=app.id,
        slug=app.slug,
        version=version.hash if _is_pinned(app, version) else None,
        sign_in=_is_signed_in(),
    )
    language = st.segmented_control(
        "Language", [*LANGUAGES, EXCEL], default="Python", required=True, key="code-language",
        label_visibility="collapsed",
    )  # fmt: skip
    if language == EXCEL:
        _show_excel(call, manifest)
    else:
        write, highlighting, needs = LANGUAGES[language or "Python"]
        st.caption(needs)
        st.code(write(call), language=highlighting)
    _show_notes(call, manifest)


def _show_excel(call: ModelCall, manifest: Manifest) -> None:
    figures = _figures(manifest)
    figure = st.selectbox("Figure", figures, key=f"{call.slug}:code-figure") if figures else None
    st.markdown("**A cell**")
    refusal = cell_refusal(call, figure)
    if refusal:
        st.caption(refusal)
    else:
        st.caption(
            "Shows one figure, or what is wrong. Needs Excel 2021 or 365 on Windows, with English function names."
        )
        st.code(cell_formula(call, figure), language=None, wrap_lines=True)
    st.markdown("**Power Query**")
    st.caption("The summary as a table: *Data › Get Data › From Other Sources › Blank Query › Advanced Editor*.")
    st.code(power_query(call), language=None)


def _show_notes(call: ModelCall, manifest: Manifest) -> None:
    if call.sign_in:
        where = f"the environment variable {TOKEN}; in Excel, a parameter of the workbook's queries of that name"
        st.caption(f":material/key: The code takes your API token from {where}.")
    if call.left_out:
        names = escape(", ".join(manifest.inputs[key].label for key in call.left_out))
        st.caption(f"Left out, because they are the model's default: {names}.")
    if call.needs_file:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"The inputs are long: the code reads them from {REQUEST_FILE} in its folder.")
            st.download_button(
                REQUEST_FILE,
                call.body,
                file_name=REQUEST_FILE,
                mime="application/json",
                icon=":material/download:",
                on_click="ignore",
                key="code-request",
            )


def _is_pinned(app: App, version: Version) -> bool:
    return "version" in st.query_params or version.hash != app.current_version


def _is_signed_in() -> bool:
    """Say whether this server asks people to sign in: then everybody who sees a page has done so."""
    return bool(st.user.to_dict().get("is_logged_in"))


def _figures(manifest: Manifest) -> list[str]:
    """Return the labels of summary figures that are known: the headline, those of the run shown, or those declared.

    They are the model's own: a session's currency changes what is shown of them.
    """
    shown: list[str] = []
    try:
        run_id = st.query_params.get("run")
        now = snapshot(cached.context(), UUID(run_id), actor=current_actor()) if run_id else None
        if now is not None and now.final:
            shown = [metric.label for metric in parse_result({"summary": now.shown.get("summary")}).summary]
    except (ProblemsError, ValueError):
        pass  # the address names no run: the panel beside says so
    declared = manifest.outputs.get("summary")
    declared = [key for key in declared if "*" not in key] if isinstance(declared, dict) and not shown else []
    headline = [label for label in manifest.headline if label in shown or not shown]
    return list(dict.fromkeys([*headline, *shown, *declared]))
