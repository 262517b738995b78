"""Annotations over HTTP: tags, stars, notes and the baseline of runs; saved searches and what a search can name.

Chosen: PUT and DELETE where doing it twice is doing it once; a note is made by POST, because two may have one text.
Left out: searching, which is the list of runs with `query` (`api.runs`).
"""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from api.auth import CurrentActor
from api.schemas import (
    AnnotationsBody,
    NoteCreated,
    NoteRequest,
    SavedSearchBody,
    SearchKeyBody,
    SearchRequest,
)
from contract.annotation import LONGEST_NAME
from engine.processes import context as contexts
from engine.runs import annotate, saved_searches
from engine.runs.follow import snapshot
from engine.runs.search_keys import list_keys

router = APIRouter(tags=["annotations"])


@router.get("/runs/{run_id}/annotations")
def get_annotations(run_id: UUID, actor: CurrentActor) -> AnnotationsBody:
    """Return a run's tags, stars and notes, each with who and when, and whether it is its model's baseline."""
    context = contexts.current()
    snapshot(context, run_id, actor=actor)
    return AnnotationsBody.of(annotate.read_annotations(context, [run_id], actor=actor)[run_id])


@router.put("/runs/{run_id}/tags/{tag:path}", status_code=204)
def tag_run(run_id: UUID, tag: str, actor: CurrentActor) -> None:
    """Tag a run; tags are kept in small letters."""
    annotate.add_tag(contexts.current(), run_id, tag, actor=actor)


@router.delete("/runs/{run_id}/tags/{tag:path}", status_code=204)
def untag_run(run_id: UUID, tag: str, actor: CurrentActor) -> None:
    """Take a tag from a run."""
    annotate.remove_tag(contexts.current(), run_id, tag, actor=actor)


@router.put("/runs/{run_id}/star", status_code=204)
def star_run(run_id: UUID, actor: CurrentActor) -> None:
    """Star a run for yourself."""
    annotate.set_star(contexts.current(), run_id, actor=actor, starred=True)


@router.delete("/runs/{run_id}/star", status_code=204)
def unstar_run(run_id: UUID, actor: CurrentActor) -> None:
    """Take your star from a run."""
    annotate.set_star(contexts.current(), run_id, actor=actor, starred=False)


@router.post("/runs/{run_id}/notes", status_code=201)
def add_note(run_id: UUID, body: NoteRequest, actor: CurrentActor) -> NoteCreated:
    """Add a note in Markdown to a run."""
    return NoteCreated(id=annotate.add_note(contexts.current(), run_id, body.text, actor=actor))


@router.put("/runs/{run_id}/notes/{note_id}", status_code=204)
def edit_note(run_id: UUID, note_id: UUID, body: NoteRequest, actor: CurrentActor) -> None:
    """Change a note of your own."""
    annotate.edit_note(contexts.current(), run_id, note_id, body.text, actor=actor)


@router.delete("/runs/{run_id}/notes/{note_id}", status_code=204)
def remove_note(run_id: UUID, note_id: UUID, actor: CurrentActor) -> None:
    """Remove a note of your own."""
    annotate.remove_note(contexts.current(), run_id, note_id, actor=actor)


@router.put("/runs/{run_id}/baseline", status_code=204)
def pin_baseline(run_id: UUID, actor: CurrentActor) -> None:
    """Make a run the one that its model's other runs are compared with."""
    annotate.pin_baseline(contexts.current(), run_id, actor=actor)


@router.delete("/runs/{run_id}/baseline", status_code=204)
def unpin_baseline(run_id: UUID, actor: CurrentActor) -> None:
    """Leave the run's model without a baseline, where the run is it."""
    annotate.unpin_baseline(contexts.current(), run_id, actor=actor)


@router.get("/searches")
def list_searches(actor: CurrentActor) -> list[SavedSearchBody]:
    """List your saved searches, then those that others share."""
    return [SavedSearchBody.of(one) for one in saved_searches.list_searches(contexts.current(), actor=actor)]


@router.put("/searches/{name}")
def save_search(
    name: Annotated[str, Path(max_length=2 * LONGEST_NAME)], body: SearchRequest, actor: CurrentActor
) -> SavedSearchBody:
    """Save a search under a name, in place of your own one of that name."""
    kept = saved_searches.save_search(contexts.current(), name, body.query, actor=actor, shared=body.shared)
    return SavedSearchBody.of(kept)


@router.delete("/searches/{search_id}", status_code=204)
def remove_search(search_id: UUID, actor: CurrentActor) -> None:
    """Remove a saved search of your own."""
    saved_searches.remove_search(contexts.current(), search_id, actor=actor)


@router.get("/search-keys")
def get_search_keys(actor: CurrentActor, app: str | None = None) -> list[SearchKeyBody]:
    """List the inputs and summary figures that a search can name, of one model by its slug or of all."""
    found = list_keys(contexts.current(), app and app.replace("\0", ""), actor=actor)
    return [SearchKeyBody(name=key.text, label=key.label, app=key.app) for key in found]
