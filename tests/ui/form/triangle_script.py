"""A page with a form of one triangle of two measures and a premium, for AppTest."""

import hashlib
import json
from typing import Any

import streamlit as st

from contract.manifest import Manifest, parse

CSV = (
    b"measure,origin,premium,12,24,36\npaid,2019,900,100,150,160\npaid,2020,950,110,170,\npaid,2021,980,120,,\n"
    b"incurred,2019,900,140,165,165\nincurred,2020,950,160,180,\nincurred,2021,980,150,,\n"
)
INPUTS: dict[str, Any] = {
    "claims": {
        "type": "triangle",
        "label": "Claims",
        "min_origins": 2,
        "min_developments": 2,
        "measures": {
            "paid": {"label": "Paid", "unit": "EUR"},
            "incurred": {"label": "Incurred", "unit": "EUR", "required": False},
            "premium": {"label": "Premium", "per": "origin", "min": 0, "required": False},
        },
        "default": "claims.csv",
        "former_inputs": {"amounts": "cumulative"},
    },
    "age": {"type": "integer", "label": "Age", "default": 45},
}


def manifest() -> Manifest:
    """Return the manifest, the same object on every run."""
    if "manifest" not in st.session_state:
        st.session_state["manifest"] = parse({"name": "Triangle", "inputs": INPUTS}, {"claims.csv": CSV})
    found: Manifest = st.session_state["manifest"]
    return found


def keep(name: str, content: bytes) -> dict[str, Any]:
    """Name an upload by its hash, keeping nothing."""
    return {"file": hashlib.sha256(content).hexdigest(), "name": name, "size": len(content)}


def page() -> None:
    """Draw the form and, beneath it, what it holds."""
    from ui.form.form import show_form

    model = manifest()
    form_values = show_form(
        model,
        start=st.session_state.get("start", model.initial_values),
        link=st.query_params.to_dict(),
        store_file=keep,
        key_prefix="form",
    )
    st.session_state["draft"] = form_values
    st.code(json.dumps(form_values.values, indent=1), language="json", height=120)


if __name__ == "__main__":
    page()
