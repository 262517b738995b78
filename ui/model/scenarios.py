"""Scenarios on a model's page: offered among the presets, saved from the form, updated, renamed, shared and deleted.

Chosen: one popover beside the box of presets; what is saved is what the form holds. A scenario of somebody else's is
opened like one's own and changed only by its owner.
Left out: filling the form (`ui.form.presets`), and several at once, which is a sweep (`ui.analysis.setup`).
"""

from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

import streamlit as st

from contract.app import App, Version
from contract.carry_over import CarriedInputs
from contract.errors import ProblemsError
from contract.manifest import Manifest
from contract.run import Visibility
from contract.scenario import LONGEST_NAME, Scenario
from engine.authorization import Action
from engine.scenarios.find import find_scenario, list_scenarios, open_scenario
from engine.scenarios.save import change_scenario, delete_scenario, save_scenario
from ui.form import json_view
from ui.form.form import FormValues
from ui.form.form_state import FormState
from ui.form.presets import SavedPresets
from ui.form.submission import read_run_id
from ui.model.run_panel import form_key
from ui.people.run_sharing import WORDS
from ui.shell import cached, sitemap
from ui.shell.formatting import timestamp
from ui.shell.markup import code, escape
from ui.shell.problems import show_problems
from ui.shell.session import current_actor, may
from ui.shell.time_zone import session_zone

DELETED = "scenario_deleted"  # in the session: the page takes it out of its address


def scenario_labels(listed: Sequence[Scenario]) -> dict[str, str]:
    """Return what each scenario is called in a list, by its id: whose it is, and its name."""
    own = current_actor().name
    return {str(s.id): f"Yours: {s.name}" if s.user == own else f"Shared: {s.name} ({s.user})" for s in listed}


def saved_presets(app: App, version: Version, manifest: Manifest, params: Mapping[str, str]) -> SavedPresets:
    """Return the scenarios of a model for its form; a link to one that is not to be had says so on the page."""
    context, actor = cached.context(), current_actor()
    listed = list_scenarios(context, app.slug, actor=actor)
    labels = scenario_labels(listed)

    def load(scenario_id: str) -> tuple[str, CarriedInputs]:
        found = open_scenario(cached.context(), UUID(scenario_id), actor=current_actor(), version=version.hash)
        return found.scenario.name, found.carried

    opened, wanted = None, params.get("saved")
    if wanted is not None:
        try:
            found = find_scenario(context, UUID(wanted), actor=actor)
            if found.app_id == app.id:
                opened = (str(found.id), *load(str(found.id)))
                labels.setdefault(opened[0], scenario_labels([found])[opened[0]])
            else:
                st.error(f"The link names a scenario of {code(found.app_slug)}. Open it there.")
        except ValueError:
            st.error(f"The link names no scenario: saved={code(wanted)}. Copy it again.", icon=":material/link_off:")
        except ProblemsError as error:
            show_problems(error)

    def tools(page: FormState, fits: bool) -> None:
        if may(Action.SAVE_SCENARIOS):
            _show_tools(app, version, manifest, listed, page, fits=fits)

    return SavedPresets(labels, load, opened, tools)


def leave_deleted(form_values: FormValues) -> None:
    """Take a scenario that this session has just deleted out of the address; the form keeps its inputs."""
    if st.session_state.pop(DELETED, None) == st.query_params.get("saved", ""):
        st.query_params.from_dict({key: text for key, text in form_values.query.items() if key != "saved"})
        st.rerun()


def _show_tools(
    app: App, version: Version, manifest: Manifest, listed: Sequence[Scenario], page: FormState, *, fits: bool
) -> None:
    prefix = f"{form_key(app, version)}:scenario"
    with st.popover("Save as scenario", icon=":material/bookmark_add:", type="tertiary", key=f"{prefix}.tools"):
        own = [one for one in listed if one.user == current_actor().name]
        if fits:
            _show_save(app, version, manifest, page, prefix, len(own))
        else:
            st.caption("Fix the inputs first: a scenario can be run as it is.")
        if own:
            _show_change(app, version, manifest, own, page, prefix, fits=fits)


def _show_save(app: App, version: Version, manifest: Manifest, page: FormState, prefix: str, known: int) -> None:
    with st.form(f"{prefix}.save", border=False):
        # Empty again once there is one more.
        name = st.text_input("Name", key=f"{prefix}.name.{known}", max_chars=LONGEST_NAME)
        who = _choose_readers(Visibility.PRIVATE, f"{prefix}.who")
        if not st.form_submit_button("Save", icon=":material/bookmark_add:"):
            return

    def save() -> Scenario:
        return save_scenario(
            cached.context(),
            app.slug,
            name,
            json_view.current_values(manifest, page.values),
            actor=current_actor(),
            visibility=who,
            version=version.hash,
            source=_source(),
        )

    if _try(save, page, "Saved"):
        st.rerun()


def _show_change(
    app: App,
    version: Version,
    manifest: Manifest,
    own: Sequence[Scenario],
    page: FormState,
    prefix: str,
    *,
    fits: bool,
) -> None:
    by_id = {str(one.id): one for one in own}
    chosen = st.selectbox(
        "Your scenarios",
        list(by_id),
        index=list(by_id).index(page.saved) if page.saved in by_id else 0,
        format_func=lambda one: by_id[one].name,
        key=f"{prefix}.own.{page.saved}",
    )
    one = by_id[chosen]
    place = f"{prefix}.{one.id}"
    st.caption(f"Saved {timestamp(one.changed_at, session_zone())} by {escape(one.changed_by)}")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        update = st.button(
            "Update", key=f"{place}.update", icon=":material/save:", disabled=not fits, help="To the form's inputs"
        )
        st.page_link(
            sitemap.make_page("model"),
            label="Link",
            icon=":material/link:",
            query_params={"app": app.slug, "saved": str(one.id)},
            help="Opens the model with this scenario",
        )
        deleted = _ask_delete(place)
    with st.form(f"{place}.change", border=False):
        name = st.text_input("Rename", one.name, key=f"{place}.name", max_chars=LONGEST_NAME)
        who = _choose_readers(one.visibility, f"{place}.who")
        changed = st.form_submit_button("Save changes")
    context, actor = cached.context(), current_actor()
    if update:
        values = json_view.current_values(manifest, page.values)
        done = _try(
            lambda: change_scenario(
                context, one.id, values=values, version=version.hash, source=_source(), actor=actor
            ),
            page,
            "Updated",
        )
    elif changed:
        done = _try(lambda: change_scenario(context, one.id, name=name, visibility=who, actor=actor), None, "Changed")
    elif deleted:
        done = _delete(one, page)
    else:
        return
    if done:
        st.rerun()


def _ask_delete(place: str) -> bool:
    """Draw Delete and, once it is pressed, the question; say whether it was answered with yes."""
    asked = f"{place}.asked"
    if not st.session_state.get(asked):
        if st.button("Delete", key=f"{place}.delete", icon=":material/delete:", type="tertiary"):
            st.session_state[asked] = True
            st.rerun()
        return False
    yes = st.button("Delete for good", key=f"{place}.yes", icon=":material/delete:")
    no = st.button("Keep", key=f"{place}.no", type="tertiary")
    if yes or no:
        st.session_state[asked] = False
    if no:
        st.rerun()
    return yes


def _delete(one: Scenario, page: FormState) -> bool:
    try:
        delete_scenario(cached.context(), one.id, actor=current_actor())
    except ProblemsError as error:
        show_problems(error)
        return False
    if page.saved == str(one.id):
        page.saved = page.preset = None
    st.session_state[DELETED] = str(one.id)
    st.toast(f"Deleted {escape(one.name)}", icon=":material/delete:")
    return True


def _choose_readers(now: Visibility, key: str) -> Visibility:
    """Draw who may see a scenario, and return what is chosen."""
    options = list(Visibility)
    return st.selectbox(
        "Who may see it", options, index=options.index(now), format_func=lambda v: WORDS[v], key=key, filter_mode=None
    )


def _try(act: Callable[[], Scenario], page: FormState | None, word: str) -> bool:
    """Do what was asked for and say whether it was done; what is wrong is shown. `page` now holds the scenario."""
    try:
        made = act()
    except ProblemsError as error:
        show_problems(error)
        return False
    if page is not None:
        page.preset = page.saved = str(made.id)
        page.saved_values = dict(page.values)
    st.toast(f"{word} {escape(made.name)}", icon=":material/bookmark_added:")
    return True


def _source() -> UUID | None:
    """Return the run whose uploaded files the form may hold."""
    return read_run_id(st.query_params.get("from") or st.query_params.get("run"))
