"""What a run came from and what was made from it: the graph around a run, as far as the actor may see it.

Chosen: bounded, because a run that everybody starts from has thousands of runs after it: the graph around any of its
runs is had by asking for that one. What differs between two linked runs is said by `engine.report.differences`.
Left out: what a run is made of, which the run records itself.
"""

from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from contract.actor import Actor
from contract.app import AppRef
from contract.errors import InputError, ProblemsError
from contract.manifest import Manifest
from contract.problems import Problem
from contract.run import LinkKind
from contract.run_links import LinkNode, NodeKind, RunLinks
from engine.authorization import Action, require
from engine.models.catalogue import find_version
from engine.processes.context import AppContext
from engine.report.differences import changes_between, input_text
from engine.runs.visibility import refuse, viewer_of
from storage import run_links, runs

BEFORE, MOST_BEFORE = 3, 10  # links that are followed to what a run came from
AFTER, MOST_AFTER = 2, 3  # links that are followed to what was made from it
SHOWN = 40  # runs and groups in one graph


@dataclass(frozen=True, slots=True)
class Change:
    """What differs between two linked runs: a phrase for each input. `known` is off where that cannot be told."""

    phrases: tuple[str, ...] = ()
    known: bool = True


def read_links(
    context: AppContext,
    run_id: UUID,
    *,
    actor: Actor,
    before: int = BEFORE,
    after: int = AFTER,
) -> RunLinks:
    """Return what the run came from and what was made from it, at most `SHOWN` runs and groups.

    Args:
        context: the process's application context.
        run_id: the run.
        actor: who asks; what they may not see is a node without an id.
        before: how many links to follow to what it came from, 0 to `MOST_BEFORE`.
        after: how many links to follow to what was made from it, 0 to `MOST_AFTER`; with 0 it is not counted either.

    Raises:
        InputError: it is asked for too many links.
        NotFoundError: there is no such run.
        NotAllowedError: it is not for the actor to read.
    """
    require(actor, Action.READ_RUNS)
    bounds = {"before": (before, MOST_BEFORE), "after": (after, MOST_AFTER)}
    problems = [
        Problem(where, f"{given} is outside 0 to {most}", "Give a number in that range.")
        for where, (given, most) in bounds.items()
        if not 0 <= given <= most
    ]
    if problems:
        raise InputError(problems)
    viewer = viewer_of(context, actor=actor)
    with context.database.read() as conn:
        if runs.get_run(conn, run_id, viewer=viewer) is None:
            refuse(conn, run_id)
        return run_links.read_links(conn, run_id, before=before, after=after, most=SHOWN, viewer=viewer)


def _as_it_is(manifest: Manifest, _version: str) -> Manifest:
    return manifest


def changes_of(
    context: AppContext,
    links: RunLinks,
    *,
    actor: Actor,
    shown_as: Callable[[Manifest, str], Manifest] = _as_it_is,
) -> dict[str, Change]:
    """Return, by the key of each run, what differs from the one that it came from: edited, replayed, or the group's.

    `shown_as` gets the manifest of a version and its hash, and returns that whose words and units are to be used.
    """
    require(actor, Action.READ_RUNS)
    manifests: dict[str, Manifest | None] = {}
    found = {}
    for node in links.nodes:
        source = _compared_with(links, node)
        if source is None:
            continue
        if node.version not in manifests:
            manifest = _manifest_of(context, node, actor)
            manifests[node.version] = None if manifest is None else shown_as(manifest, node.version)
        found[node.key] = change_between(source, node, manifests[node.version])
    return found


def change_between(source: LinkNode, node: LinkNode, manifest: Manifest | None) -> Change:
    """Return what differs between two linked runs, or what a point of a group sets, in the words of `manifest`."""
    if manifest is not None and source.kind is NodeKind.GROUP and node.changes is not None:
        fields = {key: manifest.inputs[key] for key in node.changes if key in manifest.inputs}
        return Change(tuple(f"{field.label} {input_text(field, node.changes[key])}" for key, field in fields.items()))
    if manifest is None or source.inputs is None or node.inputs is None:
        return Change(known=False)
    phrases = changes_between(manifest, source.inputs, node.inputs)
    if source.version != node.version:
        phrases.append(f"version {source.version[:8]} → {node.version[:8]}")
    return Change(tuple(phrases))


def _compared_with(links: RunLinks, node: LinkNode) -> LinkNode | None:
    """Return the node whose inputs this one's are compared with; None where it came from nothing that may be read."""
    if node.kind is not NodeKind.RUN:
        return None
    order = (LinkKind.EDITED, LinkKind.REPLAY, LinkKind.MEMBER, LinkKind.REUSED)
    origins = [(order.index(link.kind), source) for link, source in links.origins(node.key) if link.kind in order]
    known = [(rank, source) for rank, source in origins if source.kind in {NodeKind.RUN, NodeKind.GROUP}]
    return min(known, key=lambda one: one[0])[1] if known else None


def _manifest_of(context: AppContext, node: LinkNode, actor: Actor) -> Manifest | None:
    assert node.app_id is not None
    try:
        return find_version(
            context, AppRef(node.app_id, node.app_slug, node.version), node.version, actor=actor
        ).manifest
    except ProblemsError:  # a version that cannot be read any more
        return None
