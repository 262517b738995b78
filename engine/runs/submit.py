"""Submit a run: check the inputs, store the run and queue it.

Chosen: the same verb for pages, API and sweeps; a submission key makes a double click one run; a deterministic
model's stored result is reused for equal inputs unless the caller asks for a fresh run. Users share the queue fairly,
and where there are caps on what runs at once, a run may be held back; neither is ever refused for it. A run and its
job are stored together, in one statement or one transaction.
Left out: waiting for the result, which is `engine.runs.follow`.
"""

import contextlib
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID

from contract import inputs as contract_inputs
from contract import loose_inputs
from contract.actor import Actor
from contract.errors import BusyError, NotFoundError, TooManyError
from contract.manifest import Manifest
from contract.problems import Problem
from contract.run import LinkKind, Run, Visibility
from engine.authorization import Action, require
from engine.gateway.spending import require_below_cap
from engine.models.catalogue import find_version, no_such_model
from engine.models.permissions import resolve_access
from engine.observability import telemetry
from engine.processes.context import AppContext
from engine.runs import job_queue
from engine.runs.uploads import check_uploads
from engine.runs.visibility import first_visibility, person_as_viewer, readable_sources
from storage import apps, runs

SEED_BITS = 31


def submit(
    context: AppContext,
    app: int | str,
    values: dict[str, Any],
    *,
    actor: Actor,
    version: str | None = None,
    key: str | None = None,
    fresh: bool = False,
    priority: int = job_queue.INTERACTIVE,
    batch: UUID | None = None,
    source: UUID | None = None,
    loose: bool = False,
    warnings: Sequence[str] = (),
    seed: int | None = None,
    visibility: Visibility | None = None,
    origin: tuple[LinkKind, UUID] | None = None,
) -> Run:
    """Check `values` and store a run of them, queued or with a stored result reused.

    Args:
        context: the process's application context.
        app: the model's id or slug.
        values: inputs by key; those left out take their defaults.
        actor: who asks; the run is recorded for them.
        version: a content hash to pin; the current version otherwise.
        key: a submission with a key this user has used before is that run, not a new one.
        fresh: run even where an equal run's result is stored.
        priority: higher goes first.
        batch: the sweep the run belongs to.
        source: the run that is being edited; files that it names may be used again, and it gives its visibility.
        loose: leave unknown inputs out and take numbers between two steps, each with a warning of the run's.
        warnings: what else the caller has to say about these inputs; stored with the run.
        seed: that of a run to be computed again; chosen otherwise.
        visibility: who may read the run; without it as the installation's setting says, or as few as may read `source`
            and the origin.
        origin: the run that it came from, and how; without it the run is edited from `source`. It is stored where it
            is a run of the same model that the actor may read.

    Returns:
        The run as stored: PENDING, or SUCCESS with `reused_from`.

    Raises:
        NotFoundError: there is no such model or version.
        InputError: with every problem found in `values`.
        BusyError: the user has too many runs waiting.
        NotGrantedError: the model needs a secret that it was not granted, or the AI gateway.
        SpendingCapError: the user has spent at the gateway what one user may spend in a day.
    """
    require(actor, Action.RUN_MODELS)
    started_at = time.time_ns()
    with context.database.read() as conn:
        found = apps.get_app_ref(conn, app) or no_such_model(app)
    if found.closed:
        raise NotFoundError([Problem("app", f"{found.slug} is archived and takes no runs", "Restore it to run it.")])
    chosen = find_version(context, found, version, actor=actor)
    manifest = chosen.manifest
    if manifest.secrets:
        _require_access(context, found.id, found.slug, manifest, actor)
    checked, taken, said = loose_inputs.loosen(manifest, values) if loose else (manifest, values, [])
    inputs = check_uploads(context, manifest, contract_inputs.validate(checked, taken), actor=actor, source=source)
    warnings = [*warnings, *said, *contract_inputs.calibration_warnings(manifest, inputs)]
    seed = choose_seed(inputs) if seed is None else seed
    if origin is None and source is not None:
        origin = (LinkKind.EDITED, source)
    given = [one for one in (source, origin and origin[1]) if one is not None]
    if visibility is None:
        visibility = first_visibility(context, given, actor=actor)
    if origin is not None and not readable_sources(context, [origin[1]], found.id, actor=actor):
        origin = None
    user_id = context.user_id(actor)
    # Where nothing is put on hold, a run and its job are one statement.
    opened = context.database.begin if context.limits.has_caps else context.database.autocommit
    with explain_busy(context.limits.max_pending_per_user), opened() as conn:
        reused = None
        if manifest.deterministic and not fresh:
            reader = person_as_viewer(context, actor=actor)
            reused = runs.find_reusable(conn, found.id, chosen.hash, inputs, viewer=reader)
        run, created = runs.insert_run(
            conn,
            app_id=found.id,
            version=chosen.hash,
            inputs=inputs,
            seed=reused.seed if reused else seed,
            user_id=user_id,
            priority=priority,
            batch=batch,
            submission_key=key,
            reused_from=reused.id if reused else None,
            warnings=warnings,
            on_hold=context.limits.has_caps,
            most=context.limits.max_pending_per_user if priority >= job_queue.INTERACTIVE and reused is None else None,
            place=None if context.limits.has_caps else job_queue.slot_for(priority),
            visibility=visibility,
            origin=origin,
        )
        if created and reused is None and context.limits.has_caps:
            job_queue.enqueue_admitted(conn, context.limits)
    telemetry.run_submitted(run, started_at, created=created)
    return run


def declared_seed(inputs: Mapping[str, Any]) -> int | None:
    """Return the seed that a model with an input `seed` is to use, or None where the choice is the run's."""
    seed = inputs.get("seed")
    return seed if isinstance(seed, int) and not isinstance(seed, bool) else None


def choose_seed(inputs: Mapping[str, Any]) -> int:
    """Return the seed of a run: the input of that name, or a random one."""
    declared = declared_seed(inputs)
    return secrets.randbits(SEED_BITS) if declared is None else declared


def _require_access(context: AppContext, app_id: int, slug: str, manifest: Manifest, actor: Actor) -> None:
    """Refuse what the model cannot run without: its secrets, and where it uses the AI gateway that host as well."""
    access = resolve_access(context.database, app_id, manifest, gateway_url=context.limits.gateway_url)
    if manifest.gateway:
        access.require_hosts(slug)
    access.require_secrets(slug)
    if manifest.gateway:
        with context.database.read() as conn:
            require_below_cap(conn, actor.name, context.limits)


@contextlib.contextmanager
def explain_busy(most: int) -> Iterator[None]:
    """Say in words what keeps a run from being stored: that its user has `most` waiting."""
    try:
        yield
    except TooManyError as error:
        problem = Problem("runs", f"{most} of your runs are waiting", "Wait for some or cancel them.")
        raise BusyError([problem]) from error
