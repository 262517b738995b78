"""MCP over streamable HTTP at /mcp, beside the API and checked as it is.

Chosen: a route of FastAPI asks for the actor, as every route of the API does, so that Origin, tokens, roles and the
limit of requests hold here by the same code; then the official package's session manager answers. A session of the
earlier protocol belongs to the actor who opened it. The package's own check of hosts is off: `api.gate` has made it.
Left out: OAuth's discovery; clients send the token that they were given.
"""

import contextlib
from collections.abc import AsyncIterator, Iterable

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.types import Receive, Scope, Send

from api import errors
from api.auth import CurrentActor
from api.gate import MCP
from api.mcp.server import ACTOR, ModelServer
from api.rate_limit import RequestLimit

LARGEST_BODY = 32 * 2**20  # bytes of a request: a call has its tables in it
EXPOSED = ("Mcp-Session-Id", "Retry-After")


class McpApp(FastAPI):
    """The MCP server as an ASGI application; it answers only while `running`.

    Args:
        cors_origins: other sites whose pages may use it, as browsers name them.
        requests_per_minute: that one caller may make; 0 is no limit.
    """

    def __init__(self, cors_origins: Iterable[str] = (), requests_per_minute: int = 0) -> None:
        super().__init__(openapi_url=None)
        self._server = ModelServer()
        self._manager = StreamableHTTPSessionManager(self._server, max_request_body_size=LARGEST_BODY)
        origins = tuple(cors_origins)
        self.state.cors_origins = frozenset(origins)
        self.state.request_limit = RequestLimit(requests_per_minute)
        self.state.read_claims = lambda _cookies: None  # tokens only: a page elsewhere could use a cookie
        errors.install_handlers(self)
        self.add_api_route(MCP, self._serve, methods=["GET", "POST", "DELETE"])
        if origins:
            self.add_middleware(
                CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"], expose_headers=EXPOSED
            )

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Serve sessions while the block runs; once only."""
        async with self._manager.run(), self._server.watching():
            yield

    def stop(self) -> None:
        """Answer what waits, and end open streams: the server is asked to stop, and waits for them."""
        self._server.stop()

    async def _serve(self, request: Request, actor: CurrentActor) -> Response:
        request.scope[ACTOR] = actor
        request.scope["user"] = AuthenticatedUser(AccessToken(token="", client_id=actor.name, scopes=[]))
        if request.method == "DELETE":
            self._server.forget(request.headers.get("mcp-session-id", ""))
        return _Handled(self._manager)


class _Handled(Response):
    """An answer that the session manager gives."""

    def __init__(self, manager: StreamableHTTPSessionManager) -> None:
        super().__init__()
        self._manager = manager

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._manager.handle_request(scope, receive, send)
