"""The JSON side of a form: the same values as text, to copy, to edit, to paste.

Chosen: in step both ways. Whatever the form changes is written here at once; a text that was edited here is
checked as it stands, with all its problems, and becomes the form's values when it is applied.
Left out: files, which stand here by the hash of their content.
"""

import json
from collections.abc import Mapping
from typing import Any

import streamlit as st

from contract.inputs import canonical_values, find_problems
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
    if key not in st.session_state:
        # Coming back to a text that was left before it was applied.
        st.session_state[base], st.session_state[key] = text, page.json_text if page.json_text is not None else text
    elif st.session_state.get(base) != text:
        st.session_state[base] = st.session_state[key] = text
        page.json_text = None

    def keep() -> None:
        page.json_text = st.session_state[key]

    edited = st.text_area(
        "Inputs as JSON",
        value=st.session_state[key],
        key=key,
        height=HEIGHT,
        label_visibility="collapsed",
        on_change=keep,
    )
    values, problems = load_values(manifest, edited or "")
    for problem in problems:
        show_note("error", "red", str(problem))
    changed = _changed_inputs(page, values)
    if not problems:
        names = escape(", ".join(manifest.inputs[k].label for k in changed))
        st.caption(
            f"Fits the model. Changes: {names}. Run applies it." if changed else "Fits the model and equals the form."
        )

    def discard() -> None:
        st.session_state[key] = dump_values(current_values(manifest, page.values))
        page.json_text = None

    with st.container(horizontal=True, gap="small"):
        st.button(
            "Apply",
            key=f"{prefix}:json.apply",
            type="primary",
            disabled=bool(problems) or not changed,
            on_click=lambda: apply_json(manifest, page),
        )
        st.button("Discard", key=f"{prefix}:json.discard", disabled=edited == text, on_click=discard)
    st.caption("Inputs that the text leaves out keep their value.")


def apply_json(manifest: Manifest, page: FormState) -> bool:
    """Make an edited text the form's values, where it fits, and say whether they have changed.

    The form shows them when it is drawn next.
    """
    if page.json_text is None:
        return False
    values, problems = load_values(manifest, page.json_text)
    if not problems and _changed_inputs(page, values):
        page.replace({**page.values, **values})
        return True
    if not problems:
        page.json_text = None
    return False


def pending_problems(manifest: Manifest, page: FormState) -> list[Problem]:
    """Return what keeps an edited text from being applied; nothing where there is none, or where it fits."""
    if page.json_text is None:
        return []
    problems = load_values(manifest, page.json_text)[1]
    if not problems:
        return []
    count = "1 problem" if len(problems) == 1 else f"{len(problems):,} problems"
    message = f"the edited text is not applied, it has {count}"
    return [Problem("JSON", message, "Correct it or press Discard in the JSON view.")]


def has_pending(manifest: Manifest, page: FormState) -> bool:
    """Say whether an edited text would change the form and is not applied."""
    if page.json_text is None:
        return False
    values, problems = load_values(manifest, page.json_text)
    return bool(problems or _changed_inputs(page, values))


def _changed_inputs(page: FormState, values: Mapping[str, Any]) -> list[str]:
    return [k for k in values if values[k] != page.values.get(k)]


def current_values(manifest: Manifest, values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values in display order, without optional ones that are empty."""
    return {
        k: values.get(k)
        for k, item in manifest.inputs.items()
        if values.get(k) is not None or item.required or item.has_default
    }


def dump_values(values: Mapping[str, Any]) -> str:
    """Return the values as indented JSON, each row of a table or triangle on one line."""
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
        return {}, [Problem(where, f"it is not JSON: {error.msg}", "Correct the text there.")]
    except (RecursionError, ValueError):  # ValueError: a number of thousands of digits
        return {}, [
            Problem(
                "inputs", "it is nested too deeply or has a number that is too long", "Give an object {input: value}."
            )
        ]
    if isinstance(raw, dict) and set(raw) == {"inputs"} and "inputs" not in manifest.inputs:
        raw = raw["inputs"]
    if not isinstance(raw, dict):
        return {}, [Problem("inputs", f"{type(raw).__name__} is not an object", "Give {input: value}.")]
    values = canonical_values(manifest, raw)
    return values, find_problems(manifest, values, complete=False)


def _dump_value(value: Any) -> str:
    if isinstance(value, list) and value and all(isinstance(v, dict) for v in value):
        rows = ",\n".join("    " + json.dumps(row, ensure_ascii=False) for row in value)
        return f"[\n{rows}\n  ]"
    if isinstance(value, dict) and isinstance(value.get("measures"), dict):
        return _dump_triangle(value)
    return json.dumps(value, ensure_ascii=False)


def _dump_triangle(value: dict[str, Any]) -> str:
    """Return a triangle with each row of amounts on one line."""

    def dump(item: Any) -> str:
        return json.dumps(item, ensure_ascii=False)

    measures = []
    for key, matrix in value["measures"].items():
        rows = matrix if isinstance(matrix, list) else []
        lines = ",\n".join(f"        {dump(line)}" for line in rows)
        measures.append(f"      {dump(key)}: " + (f"[\n{lines}\n      ]" if rows else dump(matrix)))
    parts = {key: dump(item) for key, item in value.items()}
    parts["measures"] = "{\n" + ",\n".join(measures) + "\n    }" if measures else "{}"
    return "{\n" + ",\n".join(f"    {dump(key)}: {text}" for key, text in parts.items()) + "\n  }"
