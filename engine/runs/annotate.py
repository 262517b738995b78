"""Say something of a run: tag it, star it, note something, make it its model's baseline.

Chosen: none of it changes the run. Everybody who may read it may tag and pin; a note is changed by its author alone,
and by nobody once the run is signed off.
Left out: reading them for a search, which is a condition of `storage.query_sql`.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from contract.actor import Actor
from contract.annotation import MOST_TAGS, Annotations, Baseline, clean_note, clean_tag
from contract.errors import AnnotationError, NotFoundError
from contract.problems import Problem
from contract.run import Run, Status
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.sign_off import is_signed_off
from engine.runs.visibility import refuse, viewer_of
from storage import annotations, runs

SUGGESTED_TAGS = 200


def annotatable_run(context: AppContext, run_id: UUID, *, actor: Actor) -> Run:
    """Return the run that the actor is about to annotate.

    Raises:
        NotFoundError: there is no such run.
        NotAllowedError: it is not for the actor to read.
    """
    require(actor, Action.ANNOTATE_RUNS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        return runs.get_run(conn, run_id, viewer=viewer) or refuse(conn, run_id)


def add_tag(context: AppContext, run_id: UUID, tag: str, *, actor: Actor) -> None:
    """Tag a run, in small letters; a tag that it has stays as it is.

    Raises:
        AnnotationError: the tag is empty or too long, or the run has many tags already.
        NotFoundError: there is no such run.
    """
    run = annotatable_run(context, run_id, actor=actor)
    text, user_id = clean_tag(tag), context.user_id(actor)
    with context.database.begin() as conn:
        annotations.add_tag(conn, run.id, text, user_id)
        if annotations.count_tags(conn, run.id) > MOST_TAGS:
            found = f"the run would have more than {MOST_TAGS} tags"
            raise AnnotationError([Problem("tag", found, "Remove one, or write a note.")])


def remove_tag(context: AppContext, run_id: UUID, tag: str, *, actor: Actor) -> None:
    """Take a tag from a run; one that it does not have is passed over.

    Raises:
        NotFoundError: there is no such run.
    """
    run = annotatable_run(context, run_id, actor=actor)
    with context.database.begin() as conn:
        annotations.remove_tag(conn, run.id, " ".join(tag.replace("\0", "").split()).lower())


def set_star(context: AppContext, run_id: UUID, *, actor: Actor, starred: bool) -> None:
    """Star a run for the actor, or take the star back.

    Raises:
        NotFoundError: there is no such run.
    """
    run = annotatable_run(context, run_id, actor=actor)
    user_id = context.user_id(actor)
    with context.database.begin() as conn:
        annotations.set_star(conn, run.id, user_id, starred=starred)


def add_note(context: AppContext, run_id: UUID, text: str, *, actor: Actor) -> UUID:
    """Add a note in Markdown to a run and return its id.

    Raises:
        AnnotationError: the note is empty or too long.
        NotFoundError: there is no such run.
    """
    run = annotatable_run(context, run_id, actor=actor)
    note, user_id = clean_note(text), context.user_id(actor)
    with context.database.begin() as conn:
        _require_open_notes(conn, run.id)
        return annotations.add_note(conn, run.id, note, user_id)


def edit_note(context: AppContext, run_id: UUID, note_id: UUID, text: str, *, actor: Actor) -> None:
    """Change a note of the actor's own.

    Raises:
        AnnotationError: the note is empty or too long.
        NotFoundError: the actor has no such note at the run.
    """
    run = annotatable_run(context, run_id, actor=actor)
    note, user_id = clean_note(text), context.user_id(actor)
    with context.database.begin() as conn:
        _require_open_notes(conn, run.id)
        if not annotations.edit_note(conn, run.id, note_id, note, user_id):
            raise _no_such_note(note_id)


def remove_note(context: AppContext, run_id: UUID, note_id: UUID, *, actor: Actor) -> None:
    """Remove a note of the actor's own.

    Raises:
        NotFoundError: the actor has no such note at the run.
    """
    run = annotatable_run(context, run_id, actor=actor)
    user_id = context.user_id(actor)
    with context.database.begin() as conn:
        _require_open_notes(conn, run.id)
        if not annotations.remove_note(conn, run.id, note_id, user_id):
            raise _no_such_note(note_id)


def pin_baseline(context: AppContext, run_id: UUID, *, actor: Actor) -> None:
    """Make a run the one that its model's other runs are compared with.

    Raises:
        AnnotationError: the run is no success, so that it has no result to compare with.
        NotFoundError: there is no such run.
    """
    run = annotatable_run(context, run_id, actor=actor)
    if run.status is not Status.SUCCESS:
        found = f"the run is {str(run.status).lower()} and has no result to compare with"
        raise AnnotationError([Problem("baseline", found, "Pin a run that succeeded.")])
    user_id = context.user_id(actor)
    with context.database.begin() as conn:
        annotations.set_baseline(conn, run.app_id, run.id, user_id)


def unpin_baseline(context: AppContext, run_id: UUID, *, actor: Actor) -> None:
    """Leave the run's model without a baseline, where the run is it.

    Raises:
        NotFoundError: there is no such run.
    """
    run = annotatable_run(context, run_id, actor=actor)
    with context.database.begin() as conn:
        annotations.remove_baseline(conn, run.app_id, run.id)


def baseline_of(context: AppContext, app_id: int, *, actor: Actor) -> Baseline | None:
    """Return the baseline of a model, or None where there is none that the actor may read."""
    require(actor, Action.READ_RUNS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        found = annotations.get_baseline(conn, app_id)
        readable = found is not None and runs.get_run(conn, found.run_id, viewer=viewer) is not None
    return found if readable else None


def read_annotations(context: AppContext, ids: Sequence[UUID], *, actor: Actor) -> dict[UUID, Annotations]:
    """Return what is said of these runs, by run; each of them is there. Nothing is, of one the actor may not read."""
    require(actor, Action.READ_RUNS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        return annotations.read_annotations(conn, ids, viewer=viewer)


def list_tags(context: AppContext, *, actor: Actor) -> list[str]:
    """Return the tags of runs that the actor may read, the most used first."""
    require(actor, Action.READ_RUNS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        return annotations.list_tags(conn, SUGGESTED_TAGS, viewer=viewer)


def _require_open_notes(conn: Any, run_id: UUID) -> None:
    """Refuse to change the notes of a run that has been signed off."""
    if is_signed_off(conn, run_id):
        found = "the run is signed off, and its notes stay as they are"
        raise AnnotationError([Problem("note", found, "Note it on a new run.")])


def _no_such_note(note_id: UUID) -> NotFoundError:
    found = f"you have no note {note_id} at this run"
    return NotFoundError([Problem("note", found, "A note is changed by its author alone: add one of your own.")])
