"""Who asks goes with every verb, and the one rule of who may do what is asked by each."""

import dataclasses
import importlib
import inspect
import pkgutil
import uuid

import pytest

import engine
from contract.actor import SYSTEM, Actor, Role
from contract.errors import NotAllowedError
from engine import authorization
from engine.authorization import Action
from engine.processes.context import AppContext
from storage.database import Database
from tests.actors import ADA

# Verbs that act for nobody: the processes' own upkeep.
EXCEPTIONS = {
    "engine.analysis.lanes.requeue_lost_lanes": "a worker's: requeues the lanes of dead workers, whoever's they are",
    "engine.models.starting_runs.queue_starting_run": "the system's own run, asked for by register and grant, which ask",
    "engine.models.permissions.resolve_access": "a worker asks it for a run whose actor was asked at submission",
    "engine.models.versions.load_version": "the cache behind find_version, which asks, and workers use it too",
    "engine.webhooks.deliver.deliver": "a worker's: sends what the run of a webhook's own user has made due",
    "engine.webhooks.deliver.enqueue_due": "a worker's: queues what is due, whoever's it is",
    "engine.secrets.git_access.git_access": "the token of a repository that register and update fetch, which ask",
    "engine.secrets.rotate.encrypt_plain_values": "the server's start: encrypts what was stored before there was a key",
    "engine.secrets.values.read_secret": "for the installation itself, whose verbs ask",
    "engine.people.sign_in.actor_from_claims": "says who asks, from what an identity provider has signed",
    "engine.people.tokens.actor_of_token": "says who asks, from a token",
    "engine.processes.context.set_current": "leaves the context for the pages of the process",
    "engine.runs.job_queue.admit_held": "admits held runs, whoever's they are, once there is room",
    "engine.runs.job_queue.admit_forgotten": "admits held runs that no run's end has admitted, whoever's they are",
    "engine.runs.recovery.requeue_local_worker_runs": "a supervisor's: requeues the runs of this host's dead workers",
    "engine.runs.recovery.requeue_orphans": "a supervisor's: requeues the runs of dead workers",
    "engine.runs.recovery.requeue_worker_runs": "a supervisor's: requeues the runs of dead workers",
}


def verbs():
    found = {}
    for module in pkgutil.walk_packages(engine.__path__, "engine."):
        if module.name.startswith(("engine.sandbox", "engine.commands", "engine.observability")):
            continue
        loaded = importlib.import_module(module.name)
        for name, function in inspect.getmembers(loaded, inspect.isfunction):
            if name.startswith("_") or function.__module__ != module.name:
                continue
            function = inspect.unwrap(function)  # noqa: PLW2901
            first = next(iter(inspect.signature(function).parameters.values()), None)
            if first is not None and (first.annotation in {AppContext, Database} or first.name == "context"):
                found[f"{module.name}.{name}"] = function
    return found


VERBS = verbs()
ASKING = {name: verb for name, verb in VERBS.items() if name not in EXCEPTIONS}


def test_the_verbs_of_runs_and_models_are_found():
    assert {"engine.runs.submit.submit", "engine.runs.follow.snapshot", "engine.models.grants.grant"} <= set(ASKING)
    assert len(ASKING) >= 20


@pytest.mark.parametrize("name", sorted(ASKING))
def test_a_verb_takes_its_actor_by_keyword_and_has_no_default_for_it(name):
    parameter = inspect.signature(ASKING[name]).parameters.get("actor")
    assert parameter is not None, f"{name} does not say who asks"
    assert parameter.kind is inspect.Parameter.KEYWORD_ONLY
    assert parameter.annotation is Actor
    assert parameter.default is inspect.Parameter.empty


@pytest.mark.parametrize("name", sorted(ASKING))
def test_a_verb_asks_whether_its_actor_may_before_it_touches_anything(name, monkeypatch):
    asked = []
    monkeypatch.setattr(authorization, "is_allowed", lambda actor, action: asked.append((actor, action)))
    verb = ASKING[name]
    given = {
        p.name: object()
        for p in inspect.signature(verb).parameters.values()
        if p.default is p.empty and p.name != "actor"
    }

    def call():
        found = verb(**given, actor=ADA)
        if inspect.iscoroutine(found):
            found.send(None)

    with pytest.raises(NotAllowedError, match="you may not"):
        call()
    assert [actor for actor, _ in asked] == [ADA]


def test_an_exception_is_still_a_verb_and_has_a_reason():
    for name, reason in EXCEPTIONS.items():
        assert name in VERBS, f"{name} needs no exception any more"
        assert reason


VIEWER = {Action.READ_MODELS, Action.READ_RUNS, Action.READ_SCENARIOS, Action.READ_STATUS, Action.MANAGE_TOKENS}
ANALYST = VIEWER | {
    Action.RUN_MODELS,
    Action.CANCEL_RUNS,
    Action.ANNOTATE_RUNS,
    Action.SAVE_SCENARIOS,
    Action.SHARE_RUNS,
    Action.SIGN_OFF_RUNS,
    Action.UPLOAD_FILES,
    Action.KEEP_PORTFOLIOS,
    Action.MANAGE_WEBHOOKS,
}
AUTHOR = ANALYST | {Action.REGISTER_MODELS, Action.MANAGE_MODELS}
ALLOWED = {Role.VIEWER: VIEWER, Role.ANALYST: ANALYST, Role.AUTHOR: AUTHOR, Role.ADMINISTRATOR: set(Action)}


@pytest.mark.parametrize("role", Role)
def test_a_role_may_do_what_it_is_for_and_nothing_else(role):
    actor = Actor("ada", role=role)
    assert {action for action in Action if authorization.is_allowed(actor, action)} == ALLOWED[role]
    for action in set(Action) - ALLOWED[role]:
        with pytest.raises(NotAllowedError, match=f"you may not {action}: that takes the role .* and ada is {role}"):
            authorization.require(actor, action)


def test_where_nobody_signs_in_everyone_may_do_everything():
    for actor in (ADA, SYSTEM, Actor("system", is_system=True, role=Role.VIEWER)):
        for action in Action:
            authorization.require(actor, action)


def test_what_belongs_to_somebody_is_theirs_and_an_administrators_to_change():
    for actor in (Actor("bob", role=Role.VIEWER), ADA, SYSTEM):
        authorization.require_owner(actor, "bob", "this run")
    with pytest.raises(NotAllowedError, match=r"you may not change this run, which belongs to bob\. Ask bob or an"):
        authorization.require_owner(Actor("ada", role=Role.AUTHOR), "bob", "this run")
    with pytest.raises(NotAllowedError, match=r"belongs to the installation\. Ask an administrator"):
        authorization.require_owner(Actor("ada", role=Role.AUTHOR), None, "this model")


def test_an_actor_has_a_name_and_a_person_called_system_is_not_the_system():
    for name in ("", "  "):
        with pytest.raises(ValueError, match="needs a name"):
            Actor(name)
    assert Actor("system") != SYSTEM
    assert dataclasses.is_dataclass(ADA)
    with pytest.raises(dataclasses.FrozenInstanceError):
        ADA.name = str(uuid.uuid4())
