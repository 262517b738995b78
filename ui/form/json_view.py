"""The JSON side of a form: the same values as text, to copy, to edit, to paste.

Chosen: in step both ways. Whatever the form changes is written here at once; a text that was edited here is
checked as it stands, with all its problems, and becomes the form's values when it is applied.
Left out: files, which stand here by the hash of their content.
"""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from contract.inputs import find_problems
from contract.manifest import Manifest
from contract.problems import Problem
from ui.form.form_state import FormState
from ui.form.inputs.binding import show_note
from ui.shell.markup import escape

HEIGHT = 420


def show_json(manifest: Manifest, page: FormState, prefix: str) -> None:
    """Draw the values as JSON, with a switch between copying and editing."""
    text = dump_values(current_values(manifest, page.values))
    editing = st.toggle("Edit or paste", key=f"{prefix}:json.edit")
    if not editing:
        st.code(text, language="json", height=HEIGHT if text.count("\n") > 18 else "content")
        return
    key, base = f"{prefix}:json.text", f"{prefix}:json.base"
    if st.session_state.get(base) != text or key not in st.session_state:
        st.session_state[base] = st.session_state[key] = text
    edited = st.text_area("Inputs as JSON", key=key, height=HEIGHT, label_visibility="collapsed")
    values, problems = load_values(manifest, edited or "")
    for problem in problems:
        show_note("error", "red", str(problem))
    changed = [k for k in values if values[k] != page.values.get(k)]
    if not problems:
        names = escape(", ".join(manifest.inputs[k].label for k in changed))
        st.caption(f"Fits the model. Changes: {names}." if changed else "Fits the model and equals the form.")

    def apply() -> None:
        # The text as it is now: a button's arguments are those of the run that drew it.
        latest, wrong = load_values(manifest, st.session_state[key])
        if not wrong:
            page.replace({**page.values, **latest})

    def discard() -> None:
        st.session_state[key] = dump_values(current_values(manifest, page.values))

    with st.container(horizontal=True, gap="small"):
        st.button(
            "Apply",
            key=f"{prefix}:json.apply",
            type="primary",
            disabled=bool(problems) or not changed,
            on_click=apply,
        )
        st.button("Discard", key=f"{prefix}:json.discard", disabled=edited == text, on_click=discard)
    st.caption("Inputs that the text leaves out keep their value.")


def current_values(manifest: Manifest, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values in display order, without optional ones that are empty."""
    return {
        k: values.get(k)
        for k, item in manifest.inputs.items()
        if values.get(k) is not None or item.required or item.has_default
    }


def dump_values(values: Mapping[str, Any]) -> str:
    """Return the values as indented JSON, each row of a table on one line."""
    lines = [f"  {json.dumps(k)}: {_dump_value(v)}" for k, v in values.items()]
    return "{\n" + ",\n".join(lines) + "\n}"


def load_values(manifest: Manifest, text: str) -> tuple[dict[str, Any], list[Problem]]:
    """Return the inputs written as `text` and every problem with them.

    An API request's body, `{"inputs": {...}}`, is read too.
    """
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        return {}, [Problem(where, f"it is not JSON: {error.msg}", "Mend the text there.")]
    except RecursionError:
        return {}, [Problem("inputs", "it is nested too deeply", "Give an object {input: value}.")]
    if isinstance(raw, dict) and set(raw) == {"inputs"} and "inputs" not in manifest.inputs:
        raw = raw["inputs"]
    if not isinstance(raw, dict):
        return {}, [Problem("inputs", f"{type(raw).__name__} is not an object", "Give {input: value}.")]
    return raw, find_problems(manifest, raw, complete=False)


def _dump_value(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
        rows = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in value)
        return f"[\n{rows}\n  ]"
    return json.dumps(value, ensure_ascii=False)
