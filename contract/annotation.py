"""What people say of a run: tags, stars and notes, and the run that a model's others are compared with.

Chosen: each with who and when, and none of it part of the run, which never changes.
Left out: how they are stored (`storage.annotations`).
"""

import re
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contract.errors import AnnotationError
from contract.problems import Problem

LONGEST_TAG = 50  # letters
MOST_TAGS = 30  # of one run
LONGEST_NOTE = 20_000  # letters
LONGEST_NAME = 100  # letters of a saved search's name


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag, in small letters."""

    text: str
    user: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Star:
    """A star that a user gave."""

    user: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """A note in Markdown; `edited_at` is None until its author changes it."""

    id: UUID
    text: str
    user: str
    at: datetime
    edited_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Baseline:
    """The run of a model that its other runs are compared with."""

    app_id: int
    run_id: UUID
    user: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Annotations:
    """All that is said of a run; `baseline` is set where the run is its model's."""

    tags: tuple[Tag, ...] = ()
    stars: tuple[Star, ...] = ()
    notes: tuple[Note, ...] = ()
    baseline: Baseline | None = None

    def starred_by(self, user: str) -> bool:
        """Return whether the user has starred the run."""
        return any(star.user == user for star in self.stars)


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A search with a name, its query in the form of links. A shared one is offered to everybody."""

    id: UUID
    name: str
    query: str
    shared: bool
    user: str
    at: datetime


def clean_tag(text: str) -> str:
    """Return a tag as it is kept: in small letters, with single spaces.

    Raises:
        AnnotationError: it is empty, too long, or has a letter in it that cannot be shown.
    """
    tag = " ".join(text.split()).lower()
    if not tag:
        raise AnnotationError([Problem("tag", "the tag is empty", "Write one or more words.")])
    if len(tag) > LONGEST_TAG:
        raise AnnotationError(
            [
                Problem(
                    "tag",
                    f"the tag has {len(tag)} letters",
                    f"Give one of at most {LONGEST_TAG}; a note may be longer.",
                )
            ]
        )
    if not tag.isprintable():
        raise AnnotationError([Problem("tag", "the tag has a letter in it that cannot be shown", "Write it anew.")])
    return tag


def clean_note(text: str) -> str:
    """Return a note as it is kept.

    Raises:
        AnnotationError: it is empty or too long.
    """
    note = re.sub(r"[\x00\ud800-\udfff]", "", text).strip()
    if not note:
        raise AnnotationError([Problem("note", "the note is empty", "Write what is to be remembered.")])
    if len(note) > LONGEST_NOTE:
        hint = f"Shorten it to {LONGEST_NOTE:,}."
        raise AnnotationError([Problem("note", f"the note has {len(note):,} letters", hint)])
    return note
