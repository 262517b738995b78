"""Groups of runs: started, found, listed, followed, cancelled and resumed; what their kinds have in common.

Chosen: a group with its points and its lanes is stored in one transaction; workers take it from there, and the browser
may be closed. A group's points have one seed, so that figures differ by inputs alone.
Left out: what the points are, which each kind decides for itself.
"""

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NoReturn
from uuid import UUID

import uuid_utils.compat as uuids

from contract import inputs as contract_inputs
from contract.actor import Actor
from contract.app import AppRef
from contract.errors import InputError, NotAllowedError, NotFoundError
from contract.problems import Problem
from contract.run import Visibility, narrowest
from contract.run_group import GroupKind, GroupPoint, RunGroup
from engine.analysis.grid import MAX_POINTS
from engine.authorization import Action, require, require_owner
from engine.models.catalogue import find_version, no_such_model
from engine.models.permissions import resolve_access
from engine.models.versions import LoadedVersion
from engine.processes.context import AppContext
from engine.runs import job_queue
from engine.runs.submit import choose_seed
from engine.runs.uploads import check_uploads
from engine.runs.visibility import first_visibility, readable_sources, viewer_of
from storage import apps, audit, run_groups, runs, search, workers

LANES = 8  # shares of a group that can be worked on side by side
LISTED = 50
REREAD_INTERVAL = 5.0  # s after which a group is read again although nothing was announced
POINT_OVERHEAD = 0.002  # s that a point takes beside its model


@dataclass(frozen=True, slots=True)
class Plan:
    """What a group would run: how many points, and about how many seconds it would take; None where that is unknown."""

    total: int
    seconds: float | None
    notes: tuple[str, ...] = ()


def open_model(
    context: AppContext, app: int | str, version: str | None, *, actor: Actor
) -> tuple[AppRef, LoadedVersion]:
    """Return a model and one of its versions to run.

    Raises:
        NotFoundError: there is no such model or version, or it takes no runs.
        NotGrantedError: the model needs a secret that it was not granted.
    """
    require(actor, Action.RUN_MODELS)
    with context.database.read() as conn:
        found = apps.get_app_ref(conn, app) or no_such_model(app)
    if found.closed:
        raise NotFoundError([Problem("app", f"{found.slug} is archived and takes no runs", "Restore it to run it.")])
    loaded = find_version(context, found, version, actor=actor)
    if loaded.manifest.secrets:
        resolve_access(context.database, found.id, loaded.manifest).require_secrets(found.slug)
    return found, loaded


def check_inputs(
    context: AppContext, loaded: LoadedVersion, values: Mapping[str, Any], *, actor: Actor, source: UUID | None = None
) -> dict[str, Any]:
    """Return the inputs that a group's points begin with, checked as a run's.

    Raises:
        InputError: with every problem found.
    """
    require(actor, Action.RUN_MODELS)
    inputs = contract_inputs.validate(loaded.manifest, dict(values))
    return check_uploads(context, loaded.manifest, inputs, actor=actor, source=source)


def start_group(
    context: AppContext,
    kind: GroupKind,
    app: AppRef,
    loaded: LoadedVersion,
    inputs: Mapping[str, Any],
    points: Sequence[tuple[Mapping[str, Any], str]],
    definition: Mapping[str, Any],
    *,
    actor: Actor,
    growing: bool = False,
    sources: Sequence[UUID | None] = (),
    names: Sequence[str] = (),
    at_most: Visibility | None = None,
    group_id: UUID | None = None,
) -> RunGroup:
    """Store a group, and queue its lanes.

    Args:
        context: the process's application context.
        kind: what it is for.
        app: the model.
        loaded: its version.
        inputs: checked; what all points begin with.
        points: what differs, and the version, in the order of their numbers.
        definition: what was asked for, as the page shows it again.
        actor: whose group it is.
        growing: whether points are added as it goes on.
        sources: the runs that it is made from, if any: no more people may read the group than may read each of them.
        names: what the points are called, in their order; none without them.
        at_most: who may read what else it is made from: nobody besides may read the group.
        group_id: the id it is to have, made anew without one. Where the actor has a group of that id it is returned as
            it is: what was asked for twice is started once.

    Raises:
        InputError: there are no points, or too many.
        NotAllowedError: somebody else has a group of that id.
    """
    require(actor, Action.RUN_MODELS)
    if len(points) > MAX_POINTS:
        found = f"{len(points):,} points are more than {MAX_POINTS:,}"
        raise InputError([Problem("points", found, "Take larger steps or fewer values.")])
    if not points and not growing:
        raise InputError([Problem("points", "there are none", "Give at least one value.")])
    group_id = group_id or uuids.uuid7()
    user_id = context.user_id(actor)
    given = [one for one in sources if one is not None]
    visibility = first_visibility(context, given, actor=actor)
    if at_most is not None:
        visibility = narrowest([visibility, at_most])
    lanes = 1 if growing else min(LANES, len(points))
    with context.database.begin() as conn:
        stored = run_groups.insert_group(
            conn,
            group_id,
            kind=kind,
            app_id=app.id,
            version=loaded.hash,
            user_id=user_id,
            definition={"seed": choose_seed(inputs), **definition},
            inputs=inputs,
            total=len(points),
            growing=growing,
            visibility=visibility,
            sources=readable_sources(context, given, app.id, actor=actor),
        )
        if stored:
            numbered = ((i, version, c) for i, (c, version) in enumerate(points))
            run_groups.insert_points(conn, group_id, numbered, names)
            _queue_lanes(conn, group_id, lanes)
    group = find_group(context, group_id, actor=actor)
    require_owner(actor, group.user, "a group of runs")
    return group


def find_group(context: AppContext, group_id: UUID, *, actor: Actor) -> RunGroup:
    """Return a group as it stands.

    Raises:
        NotFoundError: there is none.
        NotAllowedError: it is not for the actor to read.
    """
    require(actor, Action.READ_RUNS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        return run_groups.get_group(conn, group_id, viewer=viewer) or _refuse(conn, group_id)


def group_of_run(context: AppContext, run_id: UUID, *, actor: Actor) -> RunGroup | None:
    """Return the group that a run is a point of; None where it is in none, or in one that the actor may not read."""
    require(actor, Action.READ_RUNS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        return run_groups.find_group_of(conn, run_id, viewer=viewer)


def list_points(context: AppContext, group_id: UUID, *, actor: Actor) -> list[GroupPoint]:
    """Return the points of a group in their order, with the summaries of the results there are.

    Raises:
        NotFoundError: there is no such group.
    """
    require(actor, Action.READ_RUNS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        if run_groups.get_group(conn, group_id, viewer=viewer) is None:
            _refuse(conn, group_id)
        return run_groups.list_points(conn, group_id, viewer=viewer)


def list_groups(
    context: AppContext, *, actor: Actor, app_id: int | None = None, kind: GroupKind | None = None, limit: int = LISTED
) -> list[RunGroup]:
    """Return the newest groups, of one model or kind where it is given."""
    require(actor, Action.READ_RUNS)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        return run_groups.list_groups(conn, limit=limit, app_id=app_id, kind=kind, viewer=viewer)


def wait_for_group(context: AppContext, group_id: UUID, seconds: float, *, actor: Actor) -> RunGroup:
    """Return the group once it has ended, or as it is after `seconds`.

    Raises:
        NotFoundError: there is no such group.
    """
    require(actor, Action.READ_RUNS)
    until = time.monotonic() + seconds
    while True:
        generation = context.listener.generation
        found = find_group(context, group_id, actor=actor)
        left = until - time.monotonic()
        if found.final or left <= 0:
            return found
        context.listener.wait(group_id, found.seq, min(left, REREAD_INTERVAL), generation, ended=True)


def cancel_group(context: AppContext, group_id: UUID, *, actor: Actor) -> RunGroup:
    """End a group: points that have not begun are not run, those under way are ended. What has ended stays.

    Raises:
        NotFoundError: there is no such group.
    """
    require(actor, Action.CANCEL_RUNS)
    user = (context.user_id(actor), actor.name)
    known = find_group(context, group_id, actor=actor)
    require_owner(actor, known.user, "this group of runs")
    with context.database.begin() as conn:
        run_groups.request_cancel(conn, group_id, user)
        if not known.final:
            _record_for_other(conn, actor, "group.cancelled", known)
    with context.database.read() as conn:
        live = run_groups.live_members(conn, group_id)
    for run_id in live:
        with context.database.begin() as conn:
            runs.request_cancel(conn, run_id, user=user)
    job_queue.admit_held(context.database, context.limits)
    return find_group(context, group_id, actor=actor)


def resume_group(context: AppContext, group_id: UUID, *, actor: Actor) -> RunGroup:
    """Let a group that was cancelled or has failed go on with the points that have no result yet.

    Raises:
        NotFoundError: there is no such group.
    """
    require(actor, Action.RUN_MODELS)
    known = find_group(context, group_id, actor=actor)
    require_owner(actor, known.user, "this group of runs")
    with context.database.begin() as conn:
        if run_groups.reopen(conn, group_id):
            _queue_lanes(conn, group_id, run_groups.count_lanes(conn, group_id))
            _record_for_other(conn, actor, "group.resumed", known)
    return find_group(context, group_id, actor=actor)


def estimate(context: AppContext, app: AppRef, total: int, *, actor: Actor) -> float | None:
    """Return about how many seconds so many runs of a model take; None where it has not been run or nobody runs it."""
    require(actor, Action.READ_RUNS)
    with context.database.read() as conn:
        median = search.median_seconds(conn, app.id)
        alive = workers.list_alive(conn, silence=context.limits.worker_timeout)
    if median is None or not alive:
        return None
    return total * (median + POINT_OVERHEAD) / min(len(alive), LANES, max(1, total))


def check_rules(
    loaded: LoadedVersion, inputs: Mapping[str, Any], points: Iterable[Mapping[str, Any]], where: str
) -> list[Problem]:
    """Return what the model's rules and its required inputs have against any of the points, each fault once."""
    manifest = loaded.manifest
    if not manifest.rules and not any(f.show_if for f in manifest.inputs.values()):
        return []
    counts: dict[tuple[str, str, str], list[int]] = {}
    total = 0
    for i, changes in enumerate(points):
        total += 1
        for p in contract_inputs.find_problems(manifest, {**inputs, **changes}):
            counts.setdefault((p.where, p.message, p.hint), []).append(i)
    return [
        Problem(
            f"{where}: {place}",
            f"at {len(found)} of {total} points {message}, the first of them point {found[0] + 1}",
            hint,
        )
        for (place, message, hint), found in counts.items()
    ]


def _record_for_other(conn: Any, actor: Actor, action: str, group: RunGroup) -> None:
    """Note in the audit log what an administrator does with somebody else's group."""
    if group.user != actor.name and not actor.is_system:
        audit.append(conn, actor=actor.name, action=action, subject=str(group.id), detail={"owner": group.user})


def _queue_lanes(conn: Any, group_id: UUID, lanes: int) -> None:
    for lane in range(lanes):
        run_groups.put_lane(conn, group_id, lane, job_queue.enqueue_lane(conn, group_id, lane))


def _refuse(conn: Any, group_id: UUID) -> NoReturn:
    """Refuse a group that a reading did not find: it is not there, or not for the reader."""
    found = run_groups.get_group(conn, group_id)
    if found is None:
        problem = Problem("group", f"there is no group of runs {group_id}", "Look for it on the page Sweeps.")
        raise NotFoundError([problem])
    words = "is private" if found.visibility is Visibility.PRIVATE else "is for the team of its owner"
    problem = Problem("group", f"the group of runs {group_id} {words}", f"Ask {found.user}, whose group it is.")
    raise NotAllowedError([problem])
