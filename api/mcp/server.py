"""The MCP server: which tools there are for whom, and calls of them, for both generations of the protocol.

Chosen: the official package's low-level server, whose tools are whatever the catalogue holds when a client asks. The
catalogue is looked at every few seconds while somebody listens, and a change is told to them: to clients of the
revision of 2026 on the stream that they opened for it, to earlier ones on that of their session.
Left out: HTTP (`api.mcp.app`) and what the tools do (`api.mcp.calls`).
"""

import contextlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import anyio.to_thread
import structlog
from mcp.server import Server
from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import NotificationOptions
from mcp.server.models import InitializationOptions
from mcp.server.session import ServerSession
from mcp.server.subscriptions import InMemorySubscriptionBus, ListenHandler
from mcp.shared.subscriptions import ServerEvent, ToolsListChanged
from mcp_types import CallToolRequestParams, CallToolResult, ListToolsResult, PaginatedRequestParams
from starlette.requests import Request

from api.mcp.answers import failure
from api.mcp.calls import Caller, call_tool
from api.mcp.tools import cancel_tool, model_tool, standing_tools
from api.stopping import Stopping
from contract.actor import SYSTEM, Actor
from contract.errors import DatabaseUnavailable, NotAllowedError, NotFoundError, ProblemsError, SearchTooSlow
from contract.problems import Problem
from engine.authorization import Action, is_allowed
from engine.models.catalogue import find_version, list_models
from engine.processes import context as contexts

log = structlog.get_logger()

ACTOR = "tontine.actor"  # where a request's scope holds who sent it
LOOK = 3.0  # s between two looks at the catalogue while somebody listens
TELLING = 5.0  # s for one session
MOST_SESSIONS = 1_000  # of the earlier protocol that are told of changes
INSTRUCTIONS = (
    "Actuarial and quantitative models as tools. A tool run_<model> runs a model and answers with its summary, the "
    "first rows of its tables and points of its series; get_table reads further rows, and the page at `url` has all of "
    "it. Inputs that are left out take the model's defaults. Where inputs do not fit, the answer lists each problem: "
    "correct the inputs and call again."
)


class _Bus(InMemorySubscriptionBus):
    """The streams that are told of changes, counted."""

    def __init__(self) -> None:
        super().__init__()
        self.listeners = 0

    def subscribe(self, listener: Callable[[ServerEvent], None]) -> Callable[[], None]:
        stop = super().subscribe(listener)
        self.listeners += 1

        def unsubscribe() -> None:
            self.listeners -= 1
            stop()

        return unsubscribe


class ModelServer(Server[Any]):
    """The models of this installation as tools."""

    def __init__(self) -> None:
        self._bus = _Bus()
        self._listen = ListenHandler(self._bus)
        self._sessions: dict[str, ServerSession] = {}  # by session id, those that have listed the tools
        self._catalogue: frozenset[tuple[str, str | None]] | None = None  # as it was when it was last looked at
        self._stopping = Stopping()
        super().__init__(
            "tontine",
            title="Tontine",
            instructions=INSTRUCTIONS,
            get_tool_input_schema=lambda _name: None,  # no tool takes inputs from headers
            on_list_tools=self._list_tools,
            on_call_tool=self._call_tool,
            on_subscriptions_listen=self._listen,
        )

    def create_initialization_options(
        self,
        notification_options: NotificationOptions | None = None,
        experimental_capabilities: dict[str, dict[str, Any]] | None = None,
        extensions: dict[str, dict[str, Any]] | None = None,
    ) -> InitializationOptions:
        """Return what a client is told at first, changes of the tools among it."""
        told = notification_options or NotificationOptions(tools_changed=True)
        return super().create_initialization_options(told, experimental_capabilities, extensions)

    @contextlib.asynccontextmanager
    async def watching(self) -> AsyncIterator[None]:
        """Tell clients of changes of the catalogue while the block runs."""
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch)
            try:
                yield
            finally:
                self.stop()
                group.cancel_scope.cancel()

    def stop(self) -> None:
        """Answer what waits for runs with the runs as they are, and end the streams of changes."""
        self._stopping.begin()
        self._listen.close()

    def forget(self, session_id: str) -> None:
        """Drop a session that its client has ended."""
        self._sessions.pop(session_id, None)

    async def _list_tools(
        self, ctx: ServerRequestContext[Any, Request], _params: PaginatedRequestParams | None
    ) -> ListToolsResult:
        self._remember(ctx)
        if self._catalogue is None:  # what changes from here on is told
            self._catalogue = await anyio.to_thread.run_sync(_read_catalogue)
        return await anyio.to_thread.run_sync(_tools_for, _actor(ctx))

    async def _call_tool(
        self, ctx: ServerRequestContext[Any, Request], params: CallToolRequestParams
    ) -> CallToolResult:
        request = _request(ctx)

        async def report(progress: float, message: str | None) -> None:
            await ctx.session.report_progress(progress, 1.0, message)

        caller = Caller(_actor(ctx), str(request.base_url).removesuffix("/"), report, self._stopping)
        try:
            return await call_tool(params.name, params.arguments or {}, caller)
        except NotFoundError as error:
            return failure("not found", error.problems)
        except NotAllowedError as error:
            return failure("not allowed", error.problems)
        except ProblemsError as error:
            return failure("the inputs do not fit", error.problems)
        except SearchTooSlow as error:
            return failure("the search takes too long", [Problem("search", str(error), "Narrow it.")])
        except DatabaseUnavailable as error:
            hint = "Try again in a moment; accepted runs are kept."
            return failure("the database does not answer", [Problem("database", str(error), hint)])
        except Exception as error:
            log.exception("tool failed", tool=params.name[:100], exc_info=error)
            return failure("something went wrong here; the server's log has the details")

    def _remember(self, ctx: ServerRequestContext[Any, Request]) -> None:
        """Note a session of the earlier protocol, which is told of changes on its own stream."""
        session_id = _request(ctx).headers.get("mcp-session-id")
        if session_id is None:
            return
        self._sessions.pop(session_id, None)
        self._sessions[session_id] = ctx.session
        while len(self._sessions) > MOST_SESSIONS:
            del self._sessions[next(iter(self._sessions))]

    async def _watch(self) -> None:
        while True:
            await anyio.sleep(LOOK)
            if not self._sessions and not self._bus.listeners:
                continue
            try:
                found = await anyio.to_thread.run_sync(_read_catalogue)
            except (DatabaseUnavailable, ProblemsError) as error:
                log.warning("the catalogue cannot be read", error=str(error)[:200])
                continue
            known, self._catalogue = self._catalogue, found
            if known is not None and found != known:
                await self._tell()

    async def _tell(self) -> None:
        await self._bus.publish(ToolsListChanged())
        async with anyio.create_task_group() as group:
            for session in list(self._sessions.values()):
                group.start_soon(_tell_session, session)


async def _tell_session(session: ServerSession) -> None:
    with anyio.move_on_after(TELLING):  # a client that does not read keeps nobody waiting
        await session.send_tool_list_changed()


def _tools_for(actor: Actor) -> ListToolsResult:
    """Return the tools that this actor may call."""
    context = contexts.current()
    try:
        apps = list_models(context, actor=actor)
    except NotAllowedError:
        apps = []
    tools = standing_tools()
    if is_allowed(actor, Action.CANCEL_RUNS):
        tools.append(cancel_tool())
    if is_allowed(actor, Action.RUN_MODELS):
        for app in apps:
            with contextlib.suppress(NotFoundError):  # it has no version yet
                tools.append(model_tool(app, find_version(context, app, actor=actor).manifest))
    return ListToolsResult(tools=tools, ttl_ms=0, cache_scope="private")


def _read_catalogue() -> frozenset[tuple[str, str | None]]:
    return frozenset((app.slug, app.current_version) for app in list_models(contexts.current(), actor=SYSTEM))


def _request(ctx: ServerRequestContext[Any, Request]) -> Request:
    assert ctx.request is not None  # HTTP is the only transport
    return ctx.request


def _actor(ctx: ServerRequestContext[Any, Request]) -> Actor:
    actor: Actor = _request(ctx).scope[ACTOR]
    return actor
