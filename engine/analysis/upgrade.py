"""Upgrade impact: the last runs of a model replayed on another of its versions, before that one is made current.

Chosen: each run keeps its inputs and its seed, so that a figure differs by the version alone; inputs that were renamed
are carried over, and new ones take their starting values. A run that the version does not take is named with the
reason, and the others go on. Repeats of the same inputs are replayed once.
Left out: what became of the figures, which is `engine.analysis.impact`.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contract import inputs as contract_inputs
from contract.actor import Actor
from contract.app import AppRef
from contract.carry_over import carry_over
from contract.errors import InputError, ProblemsError
from contract.problems import Problem
from contract.run import Run
from contract.run_group import GroupKind, RunGroup
from engine.analysis.groups import Plan, estimate, open_model, start_group
from engine.authorization import Action, require
from engine.models.catalogue import find_version
from engine.models.versions import LoadedVersion
from engine.processes.context import AppContext
from engine.runs.uploads import check_uploads
from engine.runs.visibility import viewer_of
from storage import replayed_runs

RUNS = 100  # that are replayed unless another number is asked for
MOST_RUNS = 1_000
NAMED = 5  # reasons in a refusal


@dataclass(frozen=True, slots=True)
class Misfit:
    """A run that the version does not take, and why."""

    run_id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Upgrade:
    """A checked definition: the runs with their inputs as the version takes them, those it does not take, and notes."""

    runs: tuple[Run, ...]
    inputs: tuple[Mapping[str, Any], ...]
    misfits: tuple[Misfit, ...]
    notes: tuple[str, ...]

    @property
    def points(self) -> list[dict[str, Any]]:
        """What differs from the first run's inputs, run by run; an input that is not there is None."""
        base = self.inputs[0]
        return [
            {key: value for key, value in inputs.items() if key not in base or base[key] != value}
            | {key: None for key in base if inputs.get(key) is None}
            for inputs in self.inputs
        ]


def plan_upgrade(
    context: AppContext,
    app: int | str,
    version: str,
    *,
    actor: Actor,
    runs: int = RUNS,
    before: str | None = None,
) -> Plan:
    """Return how many runs it would be and how long they would take; arguments and errors as of `start_upgrade`."""
    require(actor, Action.RUN_MODELS)
    found, loaded = open_model(context, app, version, actor=actor)
    made = _define(context, found, loaded, runs, before, actor=actor)
    notes = (*made.notes, *_misfit_notes(made.misfits))
    return Plan(len(made.runs), estimate(context, found, len(made.runs), actor=actor), notes)


def start_upgrade(
    context: AppContext,
    app: int | str,
    version: str,
    *,
    actor: Actor,
    runs: int = RUNS,
    before: str | None = None,
    group_id: UUID | None = None,
) -> RunGroup:
    """Start to replay the last runs of a model on one of its versions; it runs in the background.

    Args:
        context: the process's application context.
        app: the model's id or slug.
        version: content hash of the version to replay on.
        actor: whose analysis it is; only runs that they may read are replayed.
        runs: how many of the newest successful runs, each set of inputs once.
        before: only runs of this version; of every other one without it.
        group_id: of the group, as of `start_group`.

    Raises:
        NotFoundError: there is no such model or version.
        InputError: there is no run to replay, or none that the version takes.
        NotGrantedError: the model needs a secret that it was not granted.
    """
    require(actor, Action.RUN_MODELS)
    found, loaded = open_model(context, app, version, actor=actor)
    made = _define(context, found, loaded, runs, before, actor=actor)
    definition = {
        "runs": [str(run.id) for run in made.runs],
        "seeds": [run.seed for run in made.runs],
        "versions": [run.version for run in made.runs],
        "wanted": runs,
        "before": before,
        "misfits": [{"run": str(one.run_id), "reason": one.reason} for one in made.misfits],
        "notes": list(made.notes),
    }
    return start_group(
        context,
        GroupKind.UPGRADE,
        found,
        loaded,
        made.inputs[0],
        [(point, loaded.hash) for point in made.points],
        definition,
        actor=actor,
        group_id=group_id,
        sources=[run.id for run in made.runs],
    )


def _define(
    context: AppContext, app: AppRef, loaded: LoadedVersion, limit: int, before: str | None, *, actor: Actor
) -> Upgrade:
    problems = []
    if not 1 <= limit <= MOST_RUNS:
        found = f"{limit:,} is outside 1 to {MOST_RUNS:,}"
        problems.append(Problem("runs", found, "Give a number of runs in that range."))
    if before == loaded.hash:
        found = "the runs are of the version that they are to be replayed on"
        problems.append(Problem("before", found, "Choose another version, or verify single runs on their page."))
    elif before is not None:
        find_version(context, app, before, actor=actor)
    if problems:
        raise InputError(problems)
    viewer, by_seed = viewer_of(context, actor=actor), not loaded.manifest.deterministic
    with context.database.read() as conn:
        recent = replayed_runs.list_recent(
            conn, app.id, loaded.hash, limit, version=before, by_seed=by_seed, viewer=viewer
        )
    if not recent.runs:
        which = "of that version" if before is not None else "of another version"
        hint = "Run the model first, or choose another version."
        raise InputError([Problem("runs", f"there is no successful run {which} that you may read", hint)])
    runs, taken, misfits = list[Run](), list[dict[str, Any]](), list[Misfit]()
    counts: Counter[str] = Counter()
    for run in recent.runs:
        try:
            taken.append(_carried(context, app, loaded, run, counts, actor=actor))
        except ProblemsError as error:
            misfits.append(Misfit(run.id, "; ".join(f"{p.where}: {p.message}" for p in error.problems)))
        else:
            runs.append(run)
    if not runs:
        named = [Problem(f"run {str(one.run_id)[-8:]}", one.reason, "Choose runs that fit.") for one in misfits[:NAMED]]
        found = f"the version takes none of the last {len(recent.runs):,}"
        raise InputError([Problem("runs", found, "Name their old inputs in the version's former_keys."), *named])
    return Upgrade(tuple(runs), tuple(taken), tuple(misfits), tuple(_notes(recent, limit, counts, loaded, len(runs))))


def _carried(
    context: AppContext, app: AppRef, loaded: LoadedVersion, run: Run, counts: Counter[str], *, actor: Actor
) -> dict[str, Any]:
    """Return a run's inputs as the version takes them, and count what was done to them.

    Raises:
        ProblemsError: the version does not take them, or the run's own version is missing.
    """
    then = find_version(context, AppRef(app.id, app.slug, run.version), run.version, actor=actor)
    carried = carry_over(then.manifest, loaded.manifest, run.inputs)
    if carried.problems:
        raise InputError(carried.problems)
    start = loaded.manifest.initial_values
    new = {key: start[key] for key in carried.added if key in start}
    inputs = contract_inputs.validate(loaded.manifest, {**new, **carried.values})
    inputs = check_uploads(context, loaded.manifest, inputs, actor=actor, source=run.id)
    counts.update(f"Renamed to {key}: {old}" for old, key in carried.renamed.items())
    counts.update(f"Left out, because the version has no such input: {key}" for key in carried.dropped)
    counts.update(f"New in the version, at the starting value: {key}" for key in carried.added)
    return inputs


def _notes(
    recent: replayed_runs.RecentRuns, limit: int, counts: Counter[str], loaded: LoadedVersion, fitting: int
) -> list[str]:
    total = len(recent.runs)
    words = f"{fitting:,} of {total:,}" if fitting < total else f"{total:,}"
    reach = f"the last {total:,} different runs" if recent.more else "all different runs there are"
    notes = [f"Replays {words} runs, {reach}" + (f" ({limit:,} were asked for)." if total < limit else ".")]
    if recent.repeats:
        times = "1 repeat" if recent.repeats == 1 else f"{recent.repeats:,} repeats"
        notes.append(f"{times} of the same inputs are not replayed again.")
    notes += [f"{text} ({_runs(n)})." for text, n in counts.items()]
    if not loaded.manifest.deterministic:
        notes.append("The model draws at random: each run is replayed with its own seed.")
    return notes


def _misfit_notes(misfits: Sequence[Misfit]) -> list[str]:
    notes = [f"Run {str(one.run_id)[-8:]} does not fit the version: {one.reason}." for one in misfits[:NAMED]]
    more = len(misfits) - len(notes)
    return [*notes, f"{_runs(more)} more do not fit the version."] if more > 0 else notes


def _runs(count: int) -> str:
    return f"{count:,} run{'' if count == 1 else 's'}"
