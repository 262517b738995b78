"""One figure of a model as plain text by GET, for cells of spreadsheets: Excel's WEBSERVICE can send nothing else.

Chosen: only models that declare themselves deterministic, because a cell is recalculated at will and a random figure
would be another one each time. The same cell asked again within a few minutes is the same run, so that a sheet that is
recalculated while a run goes on waits for it and starts no second one. A spreadsheet shows nothing of an answer that is
no success: with `errors=text` it is told in an answer of 200 what is wrong.
Left out: requests that a browser's page of another site makes, which Origin does not tell of a GET; `Sec-Fetch-Site`
does, and they are refused, because this GET starts runs.
"""

import hashlib
import json
import time
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, HTTPException, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import PlainTextResponse, Response

from api.apps import LONGEST_WAIT
from api.auth import CurrentActor
from contract.actor import Actor
from contract.errors import InputError, NotReadyError, ProblemsError
from contract.figures import figure_text, find_figure
from contract.problems import Problem
from contract.query_inputs import parse_query
from contract.run import Run, Status
from engine.authorization import Action, require
from engine.models.catalogue import find_app, find_version
from engine.models.versions import LoadedVersion
from engine.processes import context as contexts
from engine.runs.follow import Snapshot
from engine.runs.follow_async import wait_for_end
from engine.runs.submit import submit

router = APIRouter(tags=["models"])

WAIT = 30.0  # s that a cell waits
SAME_RUN = 300  # s in which the same cell asked again is the same run
FIGURE = {"text/plain": {"schema": {"type": "string"}}}
ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"content": FIGURE, "description": "the figure, or with errors=text what is wrong"},
    409: {"description": "the run has not ended"},
}


@router.get("/apps/{app}/value", response_class=Response, responses=ANSWERS)
async def get_value(
    request: Request,
    app: str,
    actor: CurrentActor,
    figure: Annotated[str | None, Query(description="label of the summary figure; the headline without it")] = None,
    version: Annotated[str | None, Query(description="content hash of a version to pin")] = None,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for the end")] = WAIT,
    errors: Annotated[Literal["status", "text"], Query(description="text answers 200 with what is wrong")] = "status",
    sec_fetch_site: Annotated[str | None, Header(include_in_schema=False)] = None,
) -> Response:
    """Run a model, or reuse its stored result, and return one figure of its summary as text.

    `app` is the model's name in addresses or its id. Inputs are further parameters, written as in a link: `age=45`.
    """
    if sec_fetch_site in {"cross-site", "same-site"} and request.headers.get("origin") is None:
        raise HTTPException(403, "requests from pages of other sites are not accepted")
    try:
        loaded, run = await run_in_threadpool(_submit, request.query_params.multi_items(), app, version, actor)
        now = await wait_for_end(contexts.current(), run.id, wait, actor=actor)
        text = await run_in_threadpool(_figure, now, loaded, figure)
    except ProblemsError as error:
        if errors == "status":
            raise
        return PlainTextResponse(f"Error: {'; '.join(map(str, error.problems))}")
    return PlainTextResponse(text)


def _submit(query: list[tuple[str, str]], app: str, version: str | None, actor: Actor) -> tuple[LoadedVersion, Run]:
    context = contexts.current()
    require(actor, Action.RUN_MODELS)
    known = int(app) if app.isascii() and app.isdecimal() and len(app) < 10 else app
    found = find_app(context, known, actor=actor)
    loaded = find_version(context, found, version, actor=actor)
    if not loaded.manifest.deterministic:
        what = f"{found.slug} gives another result at each run, which a cell would show at each calculation"
        raise InputError([Problem("app", what, "Run it by POST, or on its page, and read the run's result.")])
    inputs = parse_query(loaded.manifest, query)
    content = json.dumps([found.id, loaded.hash, inputs], sort_keys=True)
    key = f"value:{int(time.time() // SAME_RUN)}:{hashlib.sha256(content.encode()).hexdigest()}"
    return loaded, submit(context, found.id, inputs, actor=actor, version=loaded.hash, key=key)


def _figure(now: Snapshot, loaded: LoadedVersion, label: str | None) -> str:
    run = now.run
    if not now.final:
        what = f"the run {run.id} has not ended yet"
        raise NotReadyError([Problem("run", what, "Ask again: the same run is waited for.")])
    if run.status is not Status.SUCCESS:
        what = f"the run {run.id} is {run.status}: {run.reason}"
        raise InputError(run.problems or [Problem("run", what, f"See /run?id={run.id}.")])
    manifest = loaded.manifest
    return figure_text(find_figure(now.shown, manifest.outputs, label, manifest.headline))
