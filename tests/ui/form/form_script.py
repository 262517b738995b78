"""A page with nothing but a form of every field type, for AppTest and for the browser."""

import hashlib
import json
from typing import Any

import streamlit as st

from contract.cases import parse_cases as check_cases
from contract.manifest import Manifest, parse

INPUTS: dict[str, Any] = {
    "age": {
        "type": "integer",
        "label": "Age at entry",
        "min": 20,
        "max": 100,
        "default": 45,
        "unit": "years",
        "help": "Age last birthday",
        "valid": [25, 90],
        "group": "Policyholder",
        "examples": [30, 65],
    },
    "sex": {"type": "select", "label": "Sex", "options": ["female", "male"], "group": "Policyholder"},
    "born": {"type": "date", "label": "Born", "min": "1920-01-01", "max": "2010-12-31", "required": False},
    "rate": {
        "type": "number",
        "label": "Interest rate",
        "min": 0,
        "max": 0.1,
        "step": 0.005,
        "precision": 4,
        "default": 0.03,
        "group": "Economy",
    },
    "capital": {
        "type": "number",
        "label": "Capital",
        "min": 1000,
        "max": 10000000,
        "default": 250000,
        "scale": "log",
        "unit": "EUR",
        "group": "Economy",
    },
    "seed": {"type": "integer", "label": "Seed", "min": 0, "max": 10**9, "widget": "number", "default": 20260},
    "corridor": {"type": "range", "label": "Corridor", "min": 0, "max": 50, "default": [10, 40], "unit": "%"},
    "loading": {
        "type": "number",
        "label": "Loading",
        "unit": "%",
        "min": 0,
        "max": 5000,
        "step": 0.5,
        "precision": 4,
        "default": 1,
    },
    "shock": {"type": "boolean", "label": "Apply a shock"},
    "size": {"type": "number", "label": "Shock", "unit": "%", "default": 10, "show_if": {"shock": True}},
    "region": {
        "type": "select",
        "label": "Region",
        "options": [{"value": i, "label": n} for i, n in enumerate(["North", "South", "East", "West", "Sea", "Air"])],
    },
    "riders": {
        "type": "multiselect",
        "label": "Riders",
        "options": ["death", "disability", "lapse"],
        "default": ["death"],
        "max_items": 2,
    },
    "perils": {
        "type": "multiselect",
        "label": "Perils",
        "options": ["fire", "flood", "storm", "hail", "theft", "quake", "frost", "war", "riot"],
    },
    "note": {"type": "text", "label": "Note_*1*", "default": "", "max_length": 20, "placeholder": "a few words"},
    "story": {"type": "text", "label": "Story", "lines": 3},
    "version": {"type": "integer", "label": "Table version", "default": 3, "max": 9, "deprecated": True},
    "claims": {
        "type": "table",
        "label": "Claims",
        "columns": {
            "year": {"type": "integer", "label": "Year", "min": 1990, "max": 2030},
            "paid": {"type": "number", "label": "Paid", "unit": "EUR"},
            "line": {"type": "select", "label": "Line", "options": ["motor", "home"], "required": False},
            "on": {"type": "date", "label": "On", "required": False},
            "open": {"type": "boolean", "label": "Open", "required": False},
        },
        "default": [
            {"year": 2020, "paid": 1200.5, "line": "motor", "on": "2020-05-01", "open": True},
            {"year": 2021, "paid": 900.0, "line": "home", "on": None, "open": False},
        ],
        "choices": [{"label": "One loss", "rows": [{"year": 2019, "paid": 7.0}], "source": "Nobody (2019)"}],
        "max_rows": 2000,
    },
    "data": {"type": "file", "label": "Data", "accept": [".csv"], "max_mb": 1, "default": "example.csv"},
}
CASES = [
    {"name": "Old", "inputs": {"age": 80, "shock": True}, "source": "Gompertz (1825), p. 513"},
    {"name": "Young", "inputs": {"age": 30}},
]


def manifest() -> Manifest:
    """Return the manifest of every field type, the same object on every run."""
    if "manifest" not in st.session_state:
        raw = {
            "name": "Everything",
            "inputs": INPUTS,
            "rules": [{"check": "age < 100", "message": "Give an age below 100."}],
        }
        st.session_state["manifest"] = parse(raw, {"example.csv": b"a\n1\n"})
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
        start=model.initial_values,
        link=st.query_params.to_dict(),
        cases=check_cases(CASES, model),
        store_file=keep,
        key_prefix="everything",
    )
    st.session_state["draft"] = form_values
    if st.session_state.get("show", True):
        st.code(json.dumps(form_values.values, indent=1), language="json", height=120)


if __name__ == "__main__":
    page()
