"""Run each version once with its starting inputs, so that whoever opens a model sees its result at once.

Chosen: an ordinary run of the system's at the lowest priority, asked for when the version is registered, and at a
server's start for versions that have none; an analyst's run of the same inputs reuses it. It is repeated when a model
is granted a host or secret, because its result may depend on it.
Left out: showing it, and runs of versions whose inputs are not complete or whose secrets are not granted,
or that speak to the AI gateway, where nobody has asked for what a run may cost.
"""

from uuid import UUID

from contract import inputs as contract_inputs
from contract.actor import SYSTEM, Actor
from contract.errors import InputError
from contract.manifest import Manifest
from contract.run import Run, Visibility
from engine.authorization import Action, require
from engine.models.catalogue import find_app, find_version
from engine.models.permissions import resolve_access
from engine.processes.context import AppContext
from engine.runs import job_queue
from engine.runs.submit import choose_seed
from storage import runs, starting_runs, users
from storage.database import Database


def queue_starting_run(
    database: Database, app_id: int, version: str, manifest: Manifest, *, repeat: bool = False
) -> UUID | None:
    """Queue a run of the version's starting inputs.

    Args:
        database: where the version is stored.
        app_id: the model.
        version: its content hash.
        manifest: the version's.
        repeat: run again where there is such a run already.

    Returns:
        The run's id, that of the earlier one where there is one and it is not repeated; None where a required input
        has no default or a secret is not granted, and for a model whose runs may cost money.
    """
    if manifest.gateway:
        return None
    try:
        inputs = contract_inputs.validate(manifest, manifest.initial_values)
    except InputError:
        return None
    if resolve_access(database, app_id, manifest).secrets_missing:
        return None
    with database.begin() as conn:
        run, _created = runs.insert_run(
            conn,
            app_id=app_id,
            version=version,
            inputs=inputs,
            seed=choose_seed(inputs),
            user_id=users.get_or_create_user(conn, SYSTEM.name),
            priority=job_queue.STARTING_PRIORITY,
            submission_key=None if repeat else f"starting run of {app_id} at {version}",
            warnings=contract_inputs.calibration_warnings(manifest, inputs),
            place=job_queue.slot_for(job_queue.STARTING_PRIORITY),
            visibility=Visibility.PUBLIC,
        )
    return run.id


def queue_missing_starting_runs(context: AppContext, *, actor: Actor) -> int:
    """Queue a run of the starting inputs of each model whose current version has had none; returns how many."""
    require(actor, Action.REGISTER_MODELS)
    with context.database.read() as conn:
        missing = starting_runs.apps_without_starting_run(conn)
    queued = 0
    for app_id in missing:
        version = find_version(context, find_app(context, app_id, actor=actor), actor=actor)
        queued += queue_starting_run(context.database, app_id, version.hash, version.manifest) is not None
    return queued


def starting_run(context: AppContext, app_id: int, version: str, *, actor: Actor) -> Run | None:
    """Return the finished run of the version's starting inputs to show, the newest of several, or None."""
    require(actor, Action.READ_RUNS)
    with context.database.read() as conn:
        return starting_runs.find_starting_run(conn, app_id, version)


def starting_run_going_on(context: AppContext, app_id: int, version: str, *, actor: Actor) -> Run | None:
    """Return the run of the version's starting inputs that waits or runs, the newest of several, or None."""
    require(actor, Action.READ_RUNS)
    with context.database.read() as conn:
        return starting_runs.find_starting_run(conn, app_id, version, going_on=True)


def starting_runs_by_model(context: AppContext, *, actor: Actor) -> dict[int, UUID]:
    """Return, by model, the finished run of the starting inputs of its current version; models without are left out."""
    require(actor, Action.READ_RUNS)
    with context.database.read() as conn:
        return starting_runs.list_starting_runs(conn)
