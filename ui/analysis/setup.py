"""Set up an analysis of a model: what to vary, how many runs that is, and Start.

Chosen: the inputs that stay come from the form, by its link; what is wrong is said before anything runs.
Left out: checks, which are `engine.analysis`'s, and showing what came out (`ui.analysis.group_view`).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import streamlit as st

from contract.app import App, Version
from contract.errors import InputError, ProblemsError
from contract.manifest import Manifest
from contract.run_group import RunGroup
from engine.analysis.figures import known_figures
from engine.analysis.grid import NUMBERS, sweepable
from engine.analysis.sensitivity import plan_sensitivity, start_sensitivity, varied_inputs
from engine.analysis.start_seek import start_seek
from engine.analysis.sweep import plan_sweep, read_scenarios, start_sweep
from engine.report.differences import differing_inputs
from engine.scenarios.find import list_scenarios
from ui.analysis.start import show_start
from ui.model.scenarios import scenario_labels
from ui.shell import cached, sitemap
from ui.shell.markup import escape, safe_markdown
from ui.shell.press import press_id
from ui.shell.problems import show_problems
from ui.shell.session import current_actor
from ui.shell.session_format import current_format

SWEEP, SENSITIVITY, SEEK = "Sweep", "Sensitivity", "Goal seek"
KINDS = {"sweep": SWEEP, "sensitivity": SENSITIVITY, "seek": SEEK}
ONE, TWO, TABLE, SAVED = "One input", "Two inputs", "Table of scenarios", "Saved scenarios"
POINTS, STEPS, LIST = "Range in points", "Range in steps", "List"
SHOWN_INPUTS = 8
TABLE_KINDS = ["csv", "tsv", "txt", "xlsx"]


@dataclass(frozen=True, slots=True)
class Model:
    """The model that is set up: its version and the inputs that the form had; `source` is the run they came from."""

    app: App
    version: Version
    manifest: Manifest
    values: Mapping[str, Any]
    source: UUID | None


def show_setup(model: Model) -> RunGroup | None:
    """Draw the set-up and return the group once it has been started."""
    kind = st.segmented_control("Analysis", list(KINDS.values()), default=SWEEP, key="analysis", required=True)
    if kind == SENSITIVITY:
        return _show_sensitivity(model)
    if kind == SEEK:
        return _show_seek(model)
    return _show_sweep(model)


def _show_sweep(model: Model) -> RunGroup | None:
    context, actor = cached.context(), current_actor()
    how = st.segmented_control("Vary", [ONE, TWO, TABLE, SAVED], default=ONE, key="vary", required=True)
    definition: dict[str, Any] = {"version": model.version.hash, "number_format": current_format()}
    if how == TABLE:
        try:
            scenarios = _scenarios(model.manifest)
        except InputError as error:
            show_problems(error)
            return None
        if scenarios is None:
            return None
        definition["scenarios"] = scenarios
    elif how == SAVED:
        definition["saved"] = _choose_saved(model)
        if not definition["saved"]:
            return None
    else:
        offered = sweepable(model.manifest)
        keys = sorted(offered, key=lambda key: offered[key].type not in NUMBERS)  # numbers first, each in form order
        if not keys:
            st.info("The model has no input that can be swept. Give a table of scenarios.")
            return None
        count = 2 if how == TWO and len(keys) > 1 else 1
        definition["axes"] = [_axis(model, keys, i) for i in range(count)]
    fresh = st.checkbox("Ignore cached results", key="sweep-fresh") if model.manifest.deterministic else False
    return show_start(
        lambda: plan_sweep(context, model.app.slug, model.values, actor=actor, **definition),
        lambda press: start_sweep(
            context,
            model.app.slug,
            model.values,
            actor=actor,
            fresh=fresh,
            source=model.source,
            group_id=press,
            **definition,
        ),
    )


def _axis(model: Model, keys: list[str], number: int) -> dict[str, Any]:
    """Draw the choice of an input and its values."""
    fields, manifest = sweepable(model.manifest), model.manifest
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = st.selectbox(
            "Input" if number == 0 else "Second input",
            keys,
            index=min(number, len(keys) - 1),
            format_func=lambda k: manifest.inputs[k].title,
            key=f"axis-{number}",
        )
        field = fields[key]
        place = f"axis-{number}-{key}"
        if field.type not in NUMBERS:
            hint = "All of them" if field.type in {"select", "boolean"} else "Values with ; between them"
            return {"input": key, "values": st.text_input("Values", key=f"{place}-values", placeholder=hint)}
        way = st.selectbox("Values", [POINTS, STEPS, LIST], key=f"{place}-way")
        if way == LIST:
            hint = "Values with ; between them"
            given = st.text_input("List", key=f"{place}-list", placeholder=hint)
            return {"input": key, "values": given or _list_of(model.values.get(key))}
        axis: dict[str, Any] = {"input": key}
        # What the model was calibrated for, where that is known: at its very bounds it often refuses.
        low, high = field.valid or (field.minimum, field.maximum)
        for name, label, default in (("from", "From", low), ("to", "To", high)):
            given = st.text_input(label, key=f"{place}-{name}", placeholder=_plain(default))
            axis[name] = given or (default if field.valid else "")
        if way == POINTS:
            axis["count"] = st.text_input("Points", "11", key=f"{place}-count")
        else:
            axis["step"] = st.text_input("Step", _plain(field.step), key=f"{place}-step")
    return axis


def _choose_saved(model: Model) -> list[UUID]:
    """Draw the choice of saved scenarios and return their ids, in the order in which they were chosen."""
    labels = scenario_labels(list_scenarios(cached.context(), model.app.slug, actor=current_actor()))
    if not labels:
        st.info("The model has no saved scenario yet. Save one on the model's page, with Save as scenario.")
        return []
    st.caption("A run of each with its own inputs, called as the scenario is.")
    chosen = st.multiselect(
        "Scenarios", list(labels), format_func=lambda one: labels[one], key="saved", placeholder="Choose scenarios"
    )
    return [UUID(one) for one in chosen]


def _scenarios(manifest: Manifest) -> list[dict[str, Any]] | None:
    """Draw the places for a table and return its rows, None while there is none.

    Raises:
        InputError: the table cannot be read.
    """
    st.caption(
        "The first line names inputs, each further line is a run. An input that is not named, or an empty cell, stays "
        "as it is on the form."
    )
    pasted = st.text_area(
        "Paste from a spreadsheet", key="scenarios", placeholder="\t".join(list(sweepable(manifest))[:4])
    )
    file = st.file_uploader("Or a file", TABLE_KINDS, key="scenarios-file")
    source: str | bytes | None = file.getvalue() if file is not None else pasted.strip() or None
    if source is None:
        return None
    rows, notes = read_scenarios(manifest, source, current_format())
    for note in notes[:5]:
        st.caption(safe_markdown(note))
    return rows


def _show_sensitivity(model: Model) -> RunGroup | None:
    context, actor, manifest = cached.context(), current_actor(), model.manifest
    offered = varied_inputs(manifest, {**manifest.defaults, **model.values})
    bounds, percent = "To its bounds", "By a percentage"
    with st.container(horizontal=True, vertical_alignment="bottom"):
        how = st.segmented_control("Each input", [percent, bounds], default=percent, key="reach", required=True)
        share = st.number_input("Percent", 0.1, 1_000.0, 10.0, key="percent") if how == percent else None
        curve = st.number_input("Values of each input", 2, 101, 2, key="curve", help="More than 2 draw curves as well")
    chosen = st.multiselect(
        "Inputs", offered, default=offered, format_func=lambda k: manifest.inputs[k].label, key="varied"
    )
    wanted = {"version": model.version.hash, "percent": share, "keys": chosen, "curve": int(curve)}
    return show_start(
        lambda: plan_sensitivity(context, model.app.slug, model.values, actor=actor, **wanted),
        lambda press: start_sensitivity(
            context, model.app.slug, model.values, actor=actor, source=model.source, group_id=press, **wanted
        ),
    )


def _show_seek(model: Model) -> RunGroup | None:
    context, actor, manifest = cached.context(), current_actor(), model.manifest
    numeric = [k for k, f in manifest.inputs.items() if f.type in NUMBERS]
    if not numeric:
        st.info("The model has no numeric input to search for.")
        return None
    with st.container(horizontal=True, vertical_alignment="bottom"):
        key = st.selectbox("Input", numeric, format_func=lambda k: manifest.inputs[k].title, key="seek-input")
        field = manifest.inputs[key]
        low = st.text_input("From", key=f"seek-{key}-from", placeholder=_plain(field.minimum))
        high = st.text_input("To", key=f"seek-{key}-to", placeholder=_plain(field.maximum))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        labels = known_figures(context, model.app.id, model.version.hash, manifest, actor=actor)
        figure = st.selectbox("Figure", labels, key="seek-figure", accept_new_options=True, index=0 if labels else None)
        target = st.text_input("Is to be", key="seek-target")
    if not st.button("Start", type="primary", icon=":material/play_arrow:", key="seek-start"):
        return None
    try:
        return start_seek(
            context,
            model.app.slug,
            model.values,
            key=key,
            figure=figure or "",
            target=target,
            low=low,
            high=high,
            actor=actor,
            version=model.version.hash,
            number_format=current_format(),
            source=model.source,
            group_id=press_id(f"seek {model.app.slug}"),
        )
    except ProblemsError as error:
        show_problems(error)
        return None


def _plain(value: Any) -> str:
    return "" if value is None else f"{value:.15g}"


def _list_of(value: Any) -> list[Any]:
    return [] if value is None else [value]


def show_inputs(manifest: Manifest, values: Mapping[str, Any], params: Mapping[str, str]) -> None:
    """Say which inputs stay, and how they differ from the model's starting values; `params` lead back to the form."""
    words = differing_inputs(manifest, values, starts=True)
    more = f" and {len(words) - SHOWN_INPUTS} more" if len(words) > SHOWN_INPUTS else ""
    shown = escape("; ".join(words[:SHOWN_INPUTS])) + more if words else "the model's starting values"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(f"Inputs that are not varied stay as on the form: {shown}.", width="content")
        st.page_link(sitemap.make_page("model"), label="Edit inputs", icon=":material/edit:", query_params=dict(params))
