"""The form of a model: built from its manifest, filled from a link, checked as a whole at every change.

Chosen: `form` is a plain function, not a fragment. It returns the latest values on every run of the script, so a
button below it can never submit old ones, and a page that wants live results simply runs on each change. A page
that wants its results left alone while inputs move wraps `form` and its button together in its own `st.fragment`;
the form keeps all it knows in its state and works the same there. The browser's address follows through
`ui.form.url_sync`, not through bound widgets: those drop defaults and values that do not fit.
Left out: running, and what stands beside the form on the page.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import streamlit as st

from contract import inputs as checks
from contract.cases import Case
from contract.fields import Field
from contract.manifest import Manifest
from contract.number_format import NumberFormat
from contract.problems import Problem
from contract.triangle import cell_count, smallest
from ui.form import form_state, json_view, layout, links, url_sync
from ui.form.form_state import FormState, Part
from ui.form.inputs import InputBinding, draw_input, triangle_rows
from ui.form.inputs.binding import escape_markdown, format_value, show_note
from ui.form.presets import SavedPresets, show_presets
from ui.form.workbook_upload import show_workbook_upload
from ui.shell import session_format

MANY_INPUTS = 25  # inputs from which on a search box helps
LONG_TABLE = 200  # rows from which on a table is checked only when it changed
KeepFile = Callable[[str, bytes], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class FormValues:
    """What the form holds now.

    `values` has every input, hidden ones too, without optional ones that are empty; a run may be asked
    for when `problems` is empty. `query` is the whole address, for `st.query_params.from_dict`.
    """

    values: dict[str, Any]
    problems: list[Problem] = field(default_factory=list)
    query: dict[str, str] = field(default_factory=dict)


def show_form(
    manifest: Manifest,
    *,
    start: Mapping[str, Any],
    link: Mapping[str, str] | None,
    cases: Sequence[Case] = (),
    problems: Sequence[Problem] = (),
    refusals: Callable[[Mapping[str, Any]], Sequence[Problem]] = lambda _values: (),
    store_file: KeepFile,
    key_prefix: str,
    saved: SavedPresets | None = None,
) -> FormValues:
    """Draw the form and return what it holds.

    Args:
        manifest: the model's manifest.
        start: the values a fresh form has: `manifest.initial_values`, or the inputs of the run to edit.
        link: the page's query, `st.query_params.to_dict()`; None leaves the address alone.
        cases: presets to offer.
        problems: what the server said about the values as they are, shown beside their inputs.
        refusals: given the form's values, what the model said of its inputs when it last refused them; shown beside
            them too, without keeping a run from being started.
        store_file: keeps an upload and returns `{"file": sha256, "name": ..., "size": ...}`.
        key_prefix: names this form in the session; one for each model and version.
        saved: scenarios to offer beside the presets, and the one that the link names.
    """
    saved = saved or SavedPresets()
    page = form_state.get_state(manifest, start, link, key_prefix, saved.opened)
    number_format = session_format.current_format()
    found = _merge_problems(
        [
            *json_view.pending_problems(manifest, page),
            *page.errors.values(),
            *_refused_problems(manifest, page, number_format),
            *find_form_problems(manifest, page.values, page.errors, page.checked),
            *problems,
        ]
    )
    beside = _merge_problems([*found, *refusals(json_view.current_values(manifest, page.values))])
    shown = checks.visible_keys(manifest, {k: v for k, v in page.values.items() if v is not None})
    view = _show_toolbar(manifest, cases, saved, page, key_prefix, fits=not found)
    for remark in page.notes:
        st.warning(escape_markdown(remark), icon=":material/link_off:")
    if view != "JSON" and json_view.has_pending(manifest, page):
        _show_pending_json(page, key_prefix)
    if view == "JSON":
        json_view.show_json(manifest, page, key_prefix)
        placed: set[str] = set()
    else:
        wanted = _search_fields(manifest, shown, key_prefix)
        placed = set(wanted)
        _show_fields(manifest, wanted, beside, page, store_file, key_prefix)
    _show_other_problems(manifest, beside, placed)
    long = links.omitted_tables(manifest, page.values)
    for key in long:
        label = manifest.inputs[key].label
        show_note(
            "link_off", "gray", f"The address cannot carry {label}: the table is too long. The link of a run does."
        )
    query = links.encode(manifest, page.values)
    query |= {links.query_key(k): text for k, text in page.unreadable.items()}
    if link is not None:
        page.note_written(query)
        url_sync.sync(
            query,
            app=link.get("app"),
            state=page.name,
            recover=lambda params: form_state.reset(page, manifest, start, params, saved.opened),
            key=f"{key_prefix}:address",
        )
    return FormValues(
        values=json_view.current_values(manifest, page.values),
        problems=found,
        query={**links.page_params(link or {}), **query},
    )


def apply_pending(manifest: Manifest, key_prefix: str) -> bool:
    """Apply a JSON text that was edited and not applied yet, where it fits, and say whether the form has changed."""
    page = form_state.find_state(key_prefix)
    return page is not None and json_view.apply_json(manifest, page)


def _show_pending_json(page: FormState, prefix: str) -> None:
    def discard() -> None:
        page.json_text = None

    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_note("edit_note", "orange", "The text in the JSON view is edited and not applied. Run applies it.")
        st.button("Discard it", key=f"{prefix}:json.drop", type="tertiary", on_click=discard)


def find_form_problems(
    manifest: Manifest,
    values: Mapping[str, Any],
    errors: Mapping[str, Problem],
    checked: dict[str, tuple[Any, list[Problem]]],
) -> list[Problem]:
    """Return what is wrong with the form's values, an emptied input in words of its own.

    `checked` keeps what was found in long tables, by the very rows it was found in: checking 10,000
    rows takes 0.7 s, too long for every move of a slider.
    """
    given = {k: v for k, v in values.items() if v is not None}
    shown = checks.visible_keys(manifest, given)
    empty = [
        k
        for k, item in manifest.inputs.items()
        if k not in given and k not in errors and (item.has_default or (item.required and k in shown))
    ]
    # An input that a link left unreadable is already reported, and its rules wait until it is fixed.
    complete = not errors and not empty
    found = []
    for key, rows in list(given.items()):
        if key not in manifest.inputs or not _is_long(rows):
            continue
        if key not in checked or checked[key][0] is not rows:
            checked[key] = (rows, checks.find_problems(manifest, {key: rows}, complete=False))
        found += checked[key][1]
        if isinstance(rows, list):
            given[key] = rows[: manifest.inputs[key].min_rows]  # enough rows to have nothing new to say
        else:
            given[key] = smallest(manifest.inputs[key])
    found += checks.find_problems(manifest, given, complete=complete)
    for key in empty:
        hint = checks.find_problems(manifest, {key: None}, complete=False)[0].hint
        found.append(Problem(f"inputs.{key}", "it is empty", hint))
    return found


def _is_long(value: Any) -> bool:
    """Say whether a table or triangle is so long that it is checked only when it changed."""
    return (isinstance(value, list) and len(value) > LONG_TABLE) or cell_count(value) > LONG_TABLE


def _refused_problems(manifest: Manifest, page: FormState, number_format: NumberFormat) -> list[Problem]:
    """Return the problems of texts that could not be read, each with the value that still holds."""
    found = []
    for key, parts in page.refused.items():
        for part, refused in parts.items():
            old = part_value(page.values.get(key), part)
            column = manifest.inputs[key].columns.get(part[1]) if isinstance(part, tuple) else manifest.inputs[key]
            still = "empty" if old is None else format_value(old, number_format, column)
            problem = refused.problem
            found.append(replace(problem, hint=f"{problem.hint} The value is still {still}."))
    return found


def part_value(value: Any, part: Part) -> Any:
    """Return the value of a part of an input: all of it, an end of a range, a cell of a table or triangle."""
    try:
        if isinstance(part, tuple) and isinstance(value, Mapping):
            return triangle_rows.cell_at(value, part)
        if isinstance(part, tuple):
            return value[part[0]].get(part[1])
        return value[("from", "to").index(part)] if part else value
    except (TypeError, IndexError, KeyError, AttributeError):
        return None


def _merge_problems(problems: Sequence[Problem]) -> list[Problem]:
    unique: dict[str, Problem] = {}
    for problem in problems:
        unique.setdefault(problem.where, problem)
    return list(unique.values())


def _show_toolbar(
    manifest: Manifest, cases: Sequence[Case], saved: SavedPresets, page: FormState, prefix: str, *, fits: bool
) -> str:
    def start_again() -> None:
        page.replace(manifest.initial_values)
        page.saved = None

    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        view = st.segmented_control(
            "View",
            ["Form", "JSON"],
            default="Form",
            required=True,
            key=f"{prefix}:view",
            label_visibility="collapsed",
        )
        if cases or saved.labels:
            show_presets(manifest, cases, saved, page, prefix)
        st.button(
            "Reset",
            key=f"{prefix}:reset",
            icon=":material/restart_alt:",
            type="tertiary",
            help="Set every input to the model's starting values",
            on_click=start_again,
        )
        show_workbook_upload(manifest, page, prefix)
        saved.tools(page, fits)
    return view or "Form"


def _search_fields(manifest: Manifest, shown: set[str], prefix: str) -> list[str]:
    keys = [k for k in manifest.inputs if k in shown]
    if len(manifest.inputs) <= MANY_INPUTS:
        return keys
    words = st.text_input(
        "Search the inputs",
        key=f"{prefix}:search",
        icon=":material/search:",
        placeholder=f"Search {len(keys)} inputs",
        label_visibility="collapsed",
    )
    wanted = [k for k in keys if _matches_search(manifest.inputs[k], (words or "").lower().split())]
    if not wanted:
        st.caption("No input has these words in its name, group or help. Clear the search to see all.")
    return wanted


def _matches_search(item: Field, words: Sequence[str]) -> bool:
    text = " ".join(filter(None, (item.key, item.label, item.group, item.help, item.unit))).lower()
    return all(word in text for word in words)


def _show_fields(
    manifest: Manifest,
    keys: Sequence[str],
    problems: Sequence[Problem],
    page: FormState,
    store_file: KeepFile,
    prefix: str,
) -> None:
    wide = layout.form_layout(manifest) == "wide"
    groups: dict[str | None, list[str]] = {None: []}  # what has no heading stands above all headings
    for key in keys:
        groups.setdefault(manifest.inputs[key].group, []).append(key)
    for group, members in groups.items():
        if group:
            st.markdown(f"##### {escape_markdown(group)}")
        for row in layout.group_fields([manifest.inputs[key] for key in members], wide=wide):
            with st.grid(min_column_width=layout.INPUT_WIDTH, gap="medium") if len(row) > 1 else nullcontext():
                for item in row:
                    with st.container() if len(row) > 1 else nullcontext():
                        draw_input(_input_binding(manifest, item.key, problems, page, store_file, prefix))


def _input_binding(
    manifest: Manifest,
    key: str,
    problems: Sequence[Problem],
    page: FormState,
    store_file: KeepFile,
    prefix: str,
) -> InputBinding:
    item, value = manifest.inputs[key], page.values.get(key)
    told = [p for p in problems if key in problem_inputs(p)]
    restore, restore_label = None, "Use the default"
    if page.refused.get(key):
        restore, restore_label = partial(page.set_value, key, value), "Keep the old value"
    elif key in page.errors and item.has_default:
        restore = partial(page.set_value, key, item.default)
    return InputBinding(
        field=item,
        value=value,
        key=f"{prefix}.{key}",
        set_value=partial(page.set_value, key),
        number_format=session_format.current_format(),
        refused=page.refused.get(key, {}),
        note=page.readings.get(key, ""),
        store_file=store_file,
        revision=page.revision,
        problems=told,
        warnings=[] if told or value is None else checks.calibration_warnings(manifest, {key: value}),
        set_error=lambda problem: page.set_error(key, problem),
        restore=restore,
        restore_label=restore_label,
    )


def problem_inputs(problem: Problem) -> list[str]:
    """Return the inputs a problem speaks of: `inputs.age`, `inputs.table[3].x`, `inputs.age, retirement`."""
    path = problem.where.removeprefix("inputs.")
    return [m[0] for part in path.split(", ") if (m := re.match(r"\w+", part))]


def _show_other_problems(manifest: Manifest, problems: Sequence[Problem], placed: set[str]) -> None:
    """Tell of problems whose input is not in sight, so that none keeps a run back unseen."""
    hidden = [p for p in problems if not placed & set(problem_inputs(p))]
    for problem in hidden:
        known = [manifest.inputs[k].label for k in problem_inputs(problem) if k in manifest.inputs]
        where = ", ".join(known) or problem.where
        show_note("error", "red", f"{where}: {problem.message}. {problem.hint}")
