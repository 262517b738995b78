"""What each tool does when it is called: a verb of the engine, for the actor who calls, and its answer.

Chosen: a call waits for the end of its run and reports progress meanwhile; after `LONGEST_WAIT`, or when the server is
asked to stop, it answers with the run as it is, and `get_run` goes on. A call that is cancelled cancels its run.
Left out: what the answers look like (`api.mcp.answers`), and who calls (`api.auth`).
"""

from collections.abc import Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import anyio
import anyio.to_thread
from mcp_types import CallToolResult

from api.mcp.answers import rows_content, rows_text, run_answer, success
from api.mcp.tools import LONGEST_WAIT, MOST_ROWS, MOST_RUNS, RUN, model_tool_name
from api.stopping import Stopping
from contract.actor import Actor
from contract.errors import BadCursor, InputError, NotFoundError
from contract.problems import Problem
from contract.run import Run, Status
from contract.run_search import Filter
from engine.models.catalogue import list_models, version_of_run
from engine.processes import context as contexts
from engine.processes.context import AppContext
from engine.runs.cancel import cancel
from engine.runs.export import export_columns
from engine.runs.follow import Snapshot, snapshot
from engine.runs.follow_async import follow
from engine.runs.search import search_runs
from engine.runs.submit import submit

SMALLEST_STEP = 1e-6  # a client is told a larger number each time, also where only the message has changed


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls a tool, and how to answer.

    `server` is the application's address as the caller has it, `report` takes the progress from 0 to 1 and a message,
    `stopping` ends waiting when the server is asked to stop.
    """

    actor: Actor
    server: str
    report: Callable[[float, str | None], Awaitable[None]]
    stopping: Stopping

    @property
    def context(self) -> AppContext:
        """The process's application context."""
        return contexts.current()


async def call_tool(name: str, arguments: Mapping[str, Any], caller: Caller) -> CallToolResult:
    """Call a tool.

    Raises:
        ProblemsError: what the verb refuses; the caller of this function makes a tool's error of it.
    """
    tool = TOOLS.get(name)
    if tool is not None:
        return await tool(_checked(name, arguments), caller)
    if name.startswith(RUN):
        return await run_model(name.removeprefix(RUN), arguments, caller)
    raise NotFoundError([Problem("tool", f"there is no tool {name[:100]!r}", "List the tools again.")])


async def run_model(slug: str, inputs: Mapping[str, Any], caller: Caller) -> CallToolResult:
    """Run a model and wait for its end."""
    run = await _in_thread(submit, caller.context, slug, dict(inputs), actor=caller.actor)
    try:
        return await _follow(run.id, 0 if run.status.final else LONGEST_WAIT, caller)
    except anyio.get_cancelled_exc_class():
        if not caller.stopping.begun:
            with anyio.CancelScope(shield=True):
                await _in_thread(cancel, caller.context, run.id, actor=caller.actor)
        raise


async def get_run(arguments: Mapping[str, Any], caller: Caller) -> CallToolResult:
    """Read a run, and wait for its end as long as asked."""
    return await _follow(_run_id(arguments), _number(arguments, "wait", 0, 0, LONGEST_WAIT), caller)


async def cancel_run(arguments: Mapping[str, Any], caller: Caller) -> CallToolResult:
    """Cancel a run."""
    run = await _in_thread(cancel, caller.context, _run_id(arguments), actor=caller.actor)
    now = {"run_id": str(run.id), "status": str(run.status), "cancel_requested": run.cancel_requested}
    word = f"is {run.status}" if run.status.final else "is being cancelled"
    return success(now, f"The run {run.id} {word}.")


async def list_catalogue(arguments: Mapping[str, Any], caller: Caller) -> CallToolResult:
    """List the models, or those that have the words asked for."""
    words = _text(arguments, "text").lower().split()
    found = [
        {
            "slug": app.slug,
            "tool": model_tool_name(app.slug),
            "name": app.name,
            "description": app.description,
            "category": app.category,
            "tags": list(app.tags),
        }
        for app in await _in_thread(list_models, caller.context, actor=caller.actor)
        if all(
            w in " ".join([app.slug, app.name, app.description, app.category or "", *app.tags]).lower() for w in words
        )
    ]
    lines = [f"- {app['tool']}: {app['name']}. {app['description']}" for app in found]
    return success({"models": found}, "\n".join(lines) or "No model has these words.")


async def search_history(arguments: Mapping[str, Any], caller: Caller) -> CallToolResult:
    """Search runs, newest first."""
    statuses = arguments.get("status") or []
    wanted = Filter(
        app=_text(arguments, "model") or None,
        statuses=tuple(_status(text) for text in (statuses if isinstance(statuses, list) else [statuses])),
        user=_text(arguments, "user") or None,
        since=_time(arguments, "since"),
        until=_time(arguments, "until"),
        text=_text(arguments, "text") or None,
    )
    cursor, limit = _text(arguments, "cursor") or None, int(_number(arguments, "limit", 20, 1, MOST_RUNS))
    try:
        page = await _in_thread(search_runs, caller.context, wanted, actor=caller.actor, after=cursor, limit=limit)
    except BadCursor as error:
        raise InputError([Problem("cursor", f"{cursor!r} is not a valid cursor", "Take next_cursor.")]) from error
    found = [_run_line(run, caller.server) for run in page.runs]
    lines = [f"- {run['queued_at']} {run['model']} {run['status']} {run['url']}" for run in found]
    more = {"next_cursor": page.next_cursor} if page.next_cursor else {}
    return success({"runs": found, **more}, "\n".join(lines) or "No run was found.")


async def get_table(arguments: Mapping[str, Any], caller: Caller) -> CallToolResult:
    """Read rows of a table or series."""
    run_id, name = _run_id(arguments), _text(arguments, "name") or None
    offset = int(_number(arguments, "offset", 0, 0, 2**53))
    limit = int(_number(arguments, "limit", 50, 1, MOST_ROWS))
    content = await _in_thread(_read_rows, caller, run_id, name, offset, limit)
    return success(content, f"Rows {offset + 1:,} to {offset + content['shown']:,}:\n{rows_text(content)}")


TOOLS: dict[str, Callable[[Mapping[str, Any], Caller], Awaitable[CallToolResult]]] = {
    "list_models": list_catalogue,
    "get_run": get_run,
    "get_table": get_table,
    "search_history": search_history,
    "cancel_run": cancel_run,
}
_ARGUMENTS = {
    "list_models": {"text"},
    "get_run": {"run_id", "wait"},
    "get_table": {"run_id", "name", "offset", "limit"},
    "search_history": {"model", "status", "user", "text", "since", "until", "limit", "cursor"},
    "cancel_run": {"run_id"},
}


async def _follow(run_id: UUID, seconds: float, caller: Caller) -> CallToolResult:
    """Report a run's progress until it has ended, or as long as is to be waited, and return it."""
    if seconds:
        with anyio.move_on_after(seconds) as waiting, caller.stopping.ends(waiting):
            await _report_progress(run_id, caller)
    now = await _in_thread(snapshot, caller.context, run_id, actor=caller.actor)
    answer: CallToolResult = await _in_thread(_answer, caller, now)
    return answer


async def _report_progress(run_id: UUID, caller: Caller) -> None:
    """Report a run's progress until it has ended."""
    told, message = 0.0, None
    async with aclosing(follow(caller.context, run_id, actor=caller.actor)) as snapshots:
        async for now in snapshots:
            progress = now.run.progress or 0.0
            if not now.final and (progress > told or _message(now) != message):
                told, message = max(progress, told + SMALLEST_STEP), _message(now)
                await caller.report(told, message)


def _answer(caller: Caller, now: Snapshot) -> CallToolResult:
    manifest = version_of_run(caller.context, now.run, actor=caller.actor).manifest
    return run_answer(now, manifest, caller.server)


def _message(now: Snapshot) -> str | None:
    if now.run.status is Status.PENDING:
        return f"waiting, {now.place} runs ahead" if now.place else "waiting for a worker"
    return now.run.message


def _read_rows(caller: Caller, run_id: UUID, name: str | None, offset: int, limit: int) -> dict[str, Any]:
    found = export_columns(caller.context, run_id, name, actor=caller.actor)
    if found is None:
        what = f"the result has no table or series {name!r}" if name else "the result has no table or series"
        raise NotFoundError([Problem("name", what, "Read the run for the names.")])
    rows: list[list[Any]] = []
    before = 0  # rows of the batches before
    for batch in found.batches:
        columns = [batch[column.key] for column in found.columns]
        count = len(columns[0]) if columns else 0
        for i in range(max(offset - before, 0), count):
            if len(rows) == limit:
                break
            rows.append([column[i] for column in columns])
        before += count
        if len(rows) == limit:
            break
    return {"offset": offset, **rows_content([column.title for column in found.columns], rows, None)}


def _run_line(run: Run, server: str) -> dict[str, Any]:
    return {
        "run_id": str(run.id),
        "model": run.app_slug,
        "status": str(run.status),
        "queued_at": run.queued_at.isoformat(timespec="seconds"),
        "user": run.user,
        "reason": run.reason,
        "url": f"{server}/run?id={run.id}",
    }


def _checked(name: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return arguments whose names the tool knows."""
    unknown = [key for key in arguments if key not in _ARGUMENTS[name]]
    if unknown:
        offered = ", ".join(sorted(_ARGUMENTS[name]))
        raise InputError([Problem(key[:100], "the tool has no such argument", f"Give {offered}.") for key in unknown])
    return arguments


def _run_id(arguments: Mapping[str, Any]) -> UUID:
    text = arguments.get("run_id")
    try:
        return UUID(str(text))
    except ValueError:
        what = "it is missing" if text is None else f"{str(text)[:100]!r} is not a run's id"
        raise InputError([Problem("run_id", what, "Take it from search_history or from a run's answer.")]) from None


def _text(arguments: Mapping[str, Any], key: str) -> str:
    value = arguments.get(key)
    if value is None or isinstance(value, str):
        return value or ""
    raise InputError([Problem(key, f"{value!r:.100} is not a text", "Give a text.")])


def _number(arguments: Mapping[str, Any], key: str, default: float, least: float, most: float) -> float:
    value = arguments.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not least <= value <= most:
        raise InputError([Problem(key, f"{value!r:.100} is not from {least:g} to {most:g}", "Give such a number.")])
    return value


def _status(text: Any) -> Status:
    try:
        return Status(text)
    except ValueError:
        offered = ", ".join(map(str, Status))
        raise InputError([Problem("status", f"{text!r:.100} is not a status", f"Give {offered}.")]) from None


def _time(arguments: Mapping[str, Any], key: str) -> datetime | None:
    text = _text(arguments, key)
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        raise InputError([Problem(key, f"{text[:100]!r} is not a time", "Give one as 2026-01-31T12:00:00Z.")]) from None
    return found.replace(tzinfo=UTC) if found is not None and found.tzinfo is None else found


async def _in_thread(verb: Callable[..., Any], *arguments: Any, **keywords: Any) -> Any:
    return await anyio.to_thread.run_sync(lambda: verb(*arguments, **keywords))
