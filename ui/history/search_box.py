"""The history's search: one box in the small query language, what it was read as, help to write it, saved searches.

Chosen: the box is in the session's format and the address in the one of links, so that a link means the same for
everybody. Each condition stands below the box and is taken away by a click; what cannot be read is shown with a caret
under it, and no runs, because those of another search would be taken for the answer.
Left out: the language (`contract.query_reader`) and what it finds (`engine.runs.search`).
"""

import streamlit as st

from contract.annotation import LONGEST_NAME
from contract.errors import AnnotationError, SearchQueryError
from contract.query_reader import ReadQuery, read_query
from contract.query_text import write_query
from contract.run_query import (
    FIELDS,
    KEYED,
    MEANINGS,
    OPERATORS,
    Kind,
    Or,
    Query,
    required_app,
    top_parts,
    without_part,
)
from engine.authorization import Action
from engine.runs.saved_searches import list_searches, remove_search, save_search
from engine.runs.search_keys import resolve_keys
from ui.shell import cached
from ui.shell.markup import escape
from ui.shell.problems import show_problems
from ui.shell.session import current_actor, may
from ui.shell.session_format import current_format

BOX = "q"
PLACEHOLDER = "Words, or conditions such as: params.age > 60 and (summary.scr < 2e6 or tag:q3)"
HELP = (
    "Every word is looked for in the model, the user, the reason and the inputs. Conditions compare: `:` `=` `!=` `<` "
    "`<=` `>` `>=`, `~` for a part of a text, `in (a, b)`, `10..20` for a range. Join them with `and`, `or`, `not` and "
    'brackets; put a text with spaces in quotes: `summary."Total IBNR" > 1e6`. The guide has a chapter on it.'
)


def in_session_format(canonical: str) -> str:
    """Return a search from an address as the box shows it; as it stands where it cannot be read."""
    try:
        return write_query(read_query(canonical).query, current_format())
    except SearchQueryError:
        return canonical


def for_links(text: str) -> str:
    """Return what is in the box as addresses have it; as it stands where it cannot be read."""
    try:
        return write_query(read_query(text, current_format()).query)
    except SearchQueryError:
        return text


def show_reading(text: str) -> ReadQuery | None:
    """Show how the box was read, each condition with a button that removes it; None where it cannot be read."""
    try:
        read = read_query(text, current_format())
    except SearchQueryError as error:
        for fault in error.faults:
            st.error(
                escape(f"{fault.message[:1].upper()}{fault.message[1:]}. {fault.hint}"), icon=":material/search_off:"
            )
            st.code(error.pointed(fault), language=None)
        return None
    if read.query is None:
        return read
    _, unknown = resolve_keys(cached.context(), read.query, actor=current_actor())
    for note in (*read.notes, *unknown):
        st.caption(f":material/info: {escape(note)}")
    parts = top_parts(read.query)
    with st.container(horizontal=True, gap="small", key="conditions"):
        for place, part in enumerate(parts):
            st.button(
                escape(write_query(part, current_format())),
                key=f"condition-{place}",
                icon=":material/close:",
                help="Remove this condition",
                on_click=_remove_condition,
                args=(place,),
            )
        if len(parts) > 1:
            st.button("Clear", key="condition-all", type="tertiary", on_click=_set_box, args=("",))
    return read


def show_tools(app: str | None) -> None:
    """Show the help to write a condition, with the keys of the model or of all models, and the saved searches."""
    with st.popover("Add condition", icon=":material/add:"):
        _show_builder(app)
    with st.popover("Saved searches", icon=":material/bookmark:"):
        _show_saved()


def read_box() -> str:
    """Return what is in the box."""
    return str(st.session_state.get(BOX) or "")


def _show_builder(app: str | None) -> None:
    keys = cached.search_keys_of(app or _app_of_box())
    labels: dict[str, str] = {}
    for key in keys:
        labels.setdefault(key.text, f"{key.text} · {key.label}" if key.label != key.field.key else key.text)
    options = [*labels, *(name for name in FIELDS if name not in KEYED)]
    field = st.selectbox(
        "What",
        options,
        key="condition-field",
        index=None,
        format_func=lambda o: labels.get(o, o),
        placeholder="Type to search",
    )
    if field is None:
        st.caption("Inputs and figures of the chosen model, or of all models, and what every run has.")
        return
    name = field.partition(".")[0]
    st.caption(escape(MEANINGS[name]))
    kind = FIELDS[name]
    if kind is Kind.FLAG:
        st.button("Add", key="condition-add", on_click=_append, args=(field,))
        return
    operator = st.selectbox("How", OPERATORS[kind], key=f"condition-operator-{kind}")
    value = st.text_input("Value", key="condition-value", placeholder="60, 10..20, success, 2026-11-01")
    if operator == "in":
        value = f"({value})"
    st.button(
        "Add",
        key="condition-add",
        disabled=not value.strip("() "),
        on_click=_append,
        args=(f"{field} {operator} {value}",),
    )


def _show_saved() -> None:
    actor, changeable = current_actor(), may(Action.ANNOTATE_RUNS)
    found = list_searches(cached.context(), actor=actor)
    if not found:
        st.caption("None yet. Search, then give the search a name.")
    for one in found:
        with st.container(horizontal=True, vertical_alignment="center"):
            own = one.user == actor.name
            label = escape(one.name) if own else f"{escape(one.name)} :gray[· {escape(one.user)}]"
            st.button(
                label,
                key=f"saved-{one.id}",
                type="tertiary",
                help=escape(one.query),
                on_click=_set_box,
                args=(in_session_format(one.query),),
            )
            st.space("stretch")
            if own and changeable:
                remove = st.button(
                    "", key=f"saved-remove-{one.id}", icon=":material/delete:", help="Remove", type="tertiary"
                )
                if remove:
                    remove_search(cached.context(), one.id, actor=actor)
                    st.rerun()
    if not changeable:
        return
    with st.form("save-search", border=False):
        name = st.text_input("Name of this search", key="saved-name", max_chars=LONGEST_NAME)
        shared = st.checkbox("Offer it to everybody", key="saved-shared")
        if st.form_submit_button("Save", icon=":material/bookmark_add:"):
            try:
                save_search(cached.context(), name, for_links(read_box()), actor=actor, shared=shared)
            except (AnnotationError, SearchQueryError) as error:
                show_problems(error)
            else:
                st.rerun()


def _app_of_box() -> str | None:
    return required_app(_query_of_box())


def _query_of_box() -> Query | None:
    """Return what the box says; None where it is empty or cannot be read."""
    try:
        return read_query(read_box(), current_format()).query
    except SearchQueryError:
        return None


def _remove_condition(place: int) -> None:
    query = _query_of_box()
    if query is not None:  # the box may have been changed by the same click
        _set_box(write_query(without_part(query, place), current_format()))


def _append(condition: str) -> None:
    before = read_box().strip()
    alternatives = isinstance(_query_of_box(), Or)
    _set_box(f"({before}) {condition}" if alternatives else f"{before} {condition}".strip())


def _set_box(text: str) -> None:
    st.session_state[BOX] = text
