"""Text, images and video from the AI gateway for a caller that waits: the same runs as the pages', read as an answer.

Chosen: a generation is an ordinary run of the catalogue's model, with its grants, cap, sandbox, history and partial
results; an answer that did not come is an error with the reason that the run has.
Left out: waiting, which the caller does in its own way.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from contract.actor import Actor
from contract.errors import GatewayError, InputError, NotReadyError
from contract.gateway import OF_THE_REQUEST, Failure, Usage, read_usage
from contract.media import Media
from contract.problems import Problem
from contract.result import parse_result
from contract.run import Run, Status
from engine.authorization import Action, require
from engine.processes.context import AppContext
from engine.runs.follow import Snapshot
from engine.runs.submit import submit

MODELS = {"text": "ai_text", "image": "ai_image", "video": "ai_video"}


@dataclass(frozen=True, slots=True)
class Generated:
    """An answer: the run that has it, its text or its media, JSON where that was asked for, and what was reported."""

    run: Run
    text: str | None
    answer: Any
    media: tuple[Media, ...]
    usage: Usage
    warnings: tuple[str, ...]


def start_generation(
    context: AppContext, kind: str, inputs: Mapping[str, Any], *, actor: Actor, key: str | None = None
) -> Run:
    """Submit a run of the model for `kind`: text, image or video.

    Raises:
        NotFoundError: this installation has no such model.
        InputError: with every problem found in the inputs.
        NotGrantedError: the gateway is not granted to it.
        SpendingCapError: the user has spent what one may spend in a day.
    """
    require(actor, Action.RUN_MODELS)
    return submit(context, MODELS[kind], dict(inputs), actor=actor, key=key)


def read_generation(now: Snapshot) -> Generated:
    """Return the answer of an ended run.

    Raises:
        NotReadyError: it has not ended, or was cancelled.
        InputError: what was asked for cannot be had: an input, the model's name, or the content was refused.
        GatewayError: the gateway gave no answer; it has what had come.
    """
    run = now.run
    if not now.final or run.status is Status.CANCELLED:
        found = f"the run {run.id} has not ended yet" if not now.final else f"the run {run.id} was cancelled"
        raise NotReadyError([Problem("run", found, "Look at it by its id.")])
    usage = read_usage(now.shown) or Usage()
    result = parse_result(now.shown)
    if run.status is Status.SUCCESS:
        return Generated(run, result.notes, now.shown.get("answer"), result.media, usage, result.warnings)
    reason = (run.reason or "the run ended without a result").removeprefix("Model error: ")
    if run.problems or usage.failure in OF_THE_REQUEST:
        raise InputError(run.problems or [Problem("gateway", reason, "Change the request.")])
    failure = Failure.TIMEOUT if run.status is Status.TIMED_OUT else usage.failure
    hint = "Try again later; what had come is in the run." if failure else "The run's page has its log."
    problem = Problem("gateway", reason, hint)
    raise GatewayError([problem], failure=str(failure or "run_failed"), run_id=str(run.id), partial=result.notes or "")
