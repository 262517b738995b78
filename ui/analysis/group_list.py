"""The list of sweeps and other analyses: a line each, newest first, which opens it.

Left out: their members, which the history leaves out too.
"""

from collections.abc import Iterable
from uuid import UUID

import pandas as pd
import streamlit as st

from contract.app import AppRef
from contract.errors import ProblemsError
from contract.run_group import GroupKind, GroupStatus, RunGroup
from engine.analysis.groups import group_of_run, list_groups
from engine.models.catalogue import find_version
from ui.shell import cached, sitemap
from ui.shell.session import current_actor
from ui.shell.time_zone import zone_name

SHORT_HASH = 8  # characters of a version that are shown
KIND_WORDS = {
    GroupKind.SWEEP: "Sweep",
    GroupKind.SENSITIVITY: "Sensitivity",
    GroupKind.SEEK: "Goal seek",
    GroupKind.CHANGE: "Analysis of change",
    GroupKind.UPGRADE: "Upgrade impact",
}
STATUS_WORDS = {
    GroupStatus.RUNNING: "Running",
    GroupStatus.FINISHED: "Finished",
    GroupStatus.CANCELLED: "Cancelled",
    GroupStatus.FAILED: "Failed",
}


def show_list_button() -> None:
    """Lead to the list; links to the page that one is on keep its address, and so what it shows."""
    st.button("All sweeps", key="all-sweeps", icon=":material/list:", type="tertiary", on_click=st.query_params.clear)


def show_group_link(run_id: UUID) -> None:
    """Lead from a run to the group that it is a point of, where there is one."""
    found = group_of_run(cached.context(), run_id, actor=current_actor())
    if found is not None:
        st.page_link(
            sitemap.make_page("sweep"),
            label=f"Part of {KIND_WORDS[found.kind].lower()} {str(found.id)[-8:]}",
            icon=":material/stacked_line_chart:",
            query_params={"id": str(found.id)},
        )


def show_groups() -> None:
    """Show the newest groups; choosing one opens it."""
    found = list_groups(cached.context(), actor=current_actor())
    if not found:
        st.info("No sweep yet. Open a model, set its inputs and choose Sweep above its result.")
        st.page_link(sitemap.make_page("catalogue"), label="Choose a model")
        return
    event = st.dataframe(
        to_dataframe(found),
        key="groups",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={
            "Started": st.column_config.DatetimeColumn(
                format="YYYY-MM-DD HH:mm:ss", timezone=zone_name(), help=f"Time zone: {zone_name()}"
            ),
        },
    )
    rows = event["selection"]["rows"] if event else []
    if rows:
        st.switch_page(sitemap.make_page("sweep"), query_params={"id": str(found[rows[0]].id)})


def to_dataframe(groups: list[RunGroup]) -> pd.DataFrame:
    """Return the groups as the table shows them."""
    return pd.DataFrame(
        {
            "Model": [g.app_name for g in groups],
            "Kind": [KIND_WORDS[g.kind] for g in groups],
            "Over": [_subject(g) for g in groups],
            "Status": [STATUS_WORDS[g.status] for g in groups],
            "Runs": [g.total for g in groups],
            "Ended": [g.done for g in groups],
            "Without a result": [g.failed for g in groups],
            "Started": [g.created_at for g in groups],
            "User": [g.user for g in groups],
        }
    )


def _subject(group: RunGroup) -> str:
    wanted, labels = group.definition, _input_labels(group)

    def named(keys: Iterable[str]) -> str:
        return ", ".join(labels.get(key, key) for key in keys)

    if group.kind is GroupKind.SWEEP:
        table = "Saved scenarios" if wanted.get("saved") else "Table of scenarios"
        return named(axis["input"] for axis in wanted["axes"]) or table
    if group.kind is GroupKind.SEEK:
        return f"{named([wanted['input']])} for {wanted['figure']}"
    if group.kind is GroupKind.UPGRADE:
        return f"Version {group.version[:SHORT_HASH]}"
    return named(wanted.get("inputs", ()))


def _input_labels(group: RunGroup) -> dict[str, str]:
    """Return what the inputs are called on the form; a version that cannot be read any more leaves their keys."""
    app = AppRef(group.app_id, group.app_slug, group.version)
    try:
        manifest = find_version(cached.context(), app, group.version, actor=current_actor()).manifest
    except ProblemsError:
        return {}
    return {key: field.label for key, field in manifest.inputs.items()}
