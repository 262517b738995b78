"""What people say of a run, on its page: star, tags, baseline, notes; and the comparisons that offer themselves.

Chosen: a line of buttons under the head, so that the result stays near; notes are Markdown as everywhere, and stand
below with who wrote them and when. Streamlit keeps the text of a note in its box until it is saved.
Left out: searching for them, which the history does.
"""

import streamlit as st

from contract.annotation import LONGEST_NOTE, LONGEST_TAG, Annotations, Note
from contract.errors import ProblemsError
from contract.run import Run, Status
from engine.analysis.compare import previous_run
from engine.authorization import Action
from engine.runs import annotate
from ui.shell import cached, sitemap
from ui.shell.formatting import relative_time
from ui.shell.markup import escape, safe_markdown
from ui.shell.problems import show_problems
from ui.shell.session import current_actor, may
from ui.shell.time_zone import utc_text


@st.fragment
def show_annotations(run: Run) -> None:
    """Show and change what is said of a run; typing runs this alone, a change the page, whose links it may change."""
    context, actor = cached.context(), current_actor()
    said, changeable = annotate.read_annotations(context, [run.id], actor=actor)[run.id], may(Action.ANNOTATE_RUNS)
    with st.container(horizontal=True, vertical_alignment="center", gap="small", key="annotations"):
        _show_star(run, said, changeable=changeable)
        for place, tag in enumerate(said.tags):
            label, help_ = escape(tag.text), f"{escape(tag.user)}, {utc_text(tag.at)}"
            help_ = f"{help_}. Click to remove." if changeable else help_
            icon = ":material/close:" if changeable else ":material/label:"
            if st.button(label, key=f"tag-{place}", icon=icon, help=help_, disabled=not changeable):
                annotate.remove_tag(context, run.id, tag.text, actor=actor)
                st.rerun()
        if changeable:
            _show_tag_form(run)
            _show_baseline(run, said)
            _show_note_form(run)
        elif said.baseline:
            st.caption(":material/push_pin: Baseline", help=f"Pinned by {escape(said.baseline.user)}")
    for note in said.notes:
        _show_note(run, note, changeable=changeable)


def show_comparison_links(run: Run) -> None:
    """Offer the comparisons with the model's baseline and with the user's run before this one."""
    if not run.status.final:
        return
    context, actor = cached.context(), current_actor()
    pinned = annotate.baseline_of(context, run.app_id, actor=actor)
    before = previous_run(context, run, actor=actor)
    if pinned is not None and pinned.run_id != run.id:
        _link("Compare with baseline", str(pinned.run_id), run)
    if before is not None:
        _link("Compare with previous run", str(before.id), run)


def _link(label: str, first: str, run: Run) -> None:
    st.page_link(
        sitemap.make_page("compare"),
        label=label,
        icon=":material/compare_arrows:",
        query_params={"runs": f"{first},{run.id}", "baseline": first},
    )


def _show_star(run: Run, said: Annotations, *, changeable: bool) -> None:
    actor = current_actor()
    starred = said.starred_by(actor.name)
    others = ", ".join(f"{star.user} ({relative_time(star.at)})" for star in said.stars)
    # The icons come unfilled only: a star that is set is the filled letter, as in the history.
    label, icon = ("★ Starred", None) if starred else ("Star", ":material/star:")
    told = escape(f"Starred by {others}") if others else None
    if st.button(label, key="star-run", icon=icon, type="tertiary", help=told, disabled=not changeable):
        annotate.set_star(cached.context(), run.id, actor=actor, starred=not starred)
        st.rerun()


def _show_tag_form(run: Run) -> None:
    with st.popover("Tag", icon=":material/label:", type="tertiary"):
        known = annotate.list_tags(cached.context(), actor=current_actor())
        with st.form("tag-form", border=False, clear_on_submit=True):
            tag = st.selectbox(
                "Tag",
                known,
                index=None,
                key="tag-text",
                accept_new_options=True,
                placeholder=f"At most {LONGEST_TAG} letters",
            )
            if st.form_submit_button("Add tag"):
                try:
                    annotate.add_tag(cached.context(), run.id, tag or "", actor=current_actor())
                except ProblemsError as error:
                    show_problems(error)
                else:
                    st.rerun()


def _show_baseline(run: Run, said: Annotations) -> None:
    if run.status is not Status.SUCCESS:
        return
    actor, pinned = current_actor(), said.baseline
    label = "Baseline" if pinned else "Make baseline"
    told = f"Pinned by {escape(pinned.user)}, {utc_text(pinned.at)}. Click to unpin." if pinned else None
    help_ = told or "Other runs of this model are compared with it"
    if st.button(label, key="pin-run", icon=":material/push_pin:", type="tertiary", help=help_):
        change = annotate.unpin_baseline if pinned else annotate.pin_baseline
        change(cached.context(), run.id, actor=actor)
        st.rerun()


def _show_note_form(run: Run) -> None:
    popover = st.popover("Note", icon=":material/edit_note:", type="tertiary")
    with popover, st.form("note-form", border=False, clear_on_submit=True):
        text = st.text_area("Note (Markdown)", key="note-text", max_chars=LONGEST_NOTE)
        if st.form_submit_button("Add note"):
            try:
                annotate.add_note(cached.context(), run.id, text, actor=current_actor())
            except ProblemsError as error:
                show_problems(error)
            else:
                st.rerun()


def _show_note(run: Run, note: Note, *, changeable: bool) -> None:
    actor = current_actor()
    with st.container(border=True, key=f"note-{note.id}"):
        edited = f", changed {relative_time(note.edited_at)}" if note.edited_at else ""
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(f"{escape(note.user)}, {relative_time(note.at)}{edited}", help=utc_text(note.at))
            if changeable and note.user == actor.name:
                st.space("stretch")
                _show_note_actions(run, note)
        st.markdown(safe_markdown(note.text))


def _show_note_actions(run: Run, note: Note) -> None:
    context, actor = cached.context(), current_actor()
    with st.popover("Edit", icon=":material/edit:", type="tertiary"), st.form(f"note-form-{note.id}", border=False):
        text = st.text_area("Note (Markdown)", note.text, key=f"note-text-{note.id}", max_chars=LONGEST_NOTE)
        if st.form_submit_button("Save"):
            try:
                annotate.edit_note(context, run.id, note.id, text, actor=actor)
            except ProblemsError as error:
                show_problems(error)
            else:
                st.rerun()
    if st.button("Remove", key=f"note-remove-{note.id}", icon=":material/delete:", type="tertiary"):
        annotate.remove_note(context, run.id, note.id, actor=actor)
        st.rerun()
