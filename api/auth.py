"""Who calls, and whether the call comes from our own pages.

Chosen: one function that every route and WebSocket depends on. Browsers send an Origin with requests that change
something and with WebSockets; one that is neither ours nor allowed by TONTINE_CORS_ORIGINS is refused, so that a page
elsewhere cannot start runs in an analyst's name. Which hosts are ours at all is checked before (`api.gate`). A caller
is known by an API token, or by the cookie with which Streamlit's pages know who has signed in; where nobody signs in it
is the installation's one user. Where people do, `SignInCheck` stands before the routes, so that documentation and
addresses that lead nowhere are for them alone too.
Left out: how the cookie is verified, which app.py hands in, and what a caller may do (`engine.authorization`).
"""

from typing import Annotated

from fastapi import Depends, HTTPException, WebSocketException
from starlette.concurrency import run_in_threadpool
from starlette.requests import HTTPConnection
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from api.gate import same_host
from api.rate_limit import EXEMPT, RequestLimit
from api.sockets import TRY_AGAIN_LATER
from contract.actor import Actor, Role
from contract.errors import DatabaseUnavailable, NoContextError, NotAllowedError, NotSignedInError, ProblemsError
from contract.problems import Problem
from engine.people.sign_in import actor_from_claims
from engine.people.tokens import actor_of_token
from engine.processes import context as contexts

POLICY_VIOLATION = 1008  # the code with which a WebSocket is closed that the caller may not have
OPEN = frozenset({"/health", "/mclavier/health"})  # answered to everybody, for load balancers
_ACTOR = "tontine.actor"  # where a request's scope holds who asks, once it is known


def current_actor(connection: HTTPConnection) -> Actor:
    """Return the actor that the caller's reads and runs are for.

    Raises:
        NotSignedInError: it is not known who asks.
        NotAllowedError: who asks may not come in.
        HTTPException: 403 where a browser sends the request from another site.
        WebSocketException: 1008 for all of these where it is a WebSocket.

    Requests beyond the limit of `api.rate_limit` are refused too, with 429 and 1013.
    """
    origin = connection.headers.get("origin")
    allowed = getattr(connection.app.state, "cors_origins", ())
    if origin is not None and origin not in allowed and not same_host(origin, connection.headers.get("host", "")):
        refusal = f"requests from {origin[:200]!r} are not accepted"
        if connection.scope["type"] == "websocket":
            raise WebSocketException(POLICY_VIOLATION, refusal[:100])
        raise HTTPException(403, refusal)
    try:
        actor = _identify(connection)
    except ProblemsError as error:
        if connection.scope["type"] == "websocket":
            raise WebSocketException(POLICY_VIOLATION, error.problems[0].text[:100]) from error
        raise
    _count_request(connection, actor)
    return actor


CurrentActor = Annotated[Actor, Depends(current_actor)]


class SignInCheck:
    """Answers 401 where people sign in and it is not known who asks, whatever is asked for but health.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand on what may be answered, with who asks."""
        if scope["type"] not in {"http", "websocket"} or _is_open(scope) or not _people_sign_in():
            await self.app(scope, receive, send)
            return
        try:
            scope[_ACTOR] = await run_in_threadpool(_identify, HTTPConnection(scope))
        except NotSignedInError as error:
            await _refuse(scope, receive, send, 401, "not signed in", error.problems[0])
        except NotAllowedError as error:
            await _refuse(scope, receive, send, 403, "not allowed", error.problems[0])
        except DatabaseUnavailable as error:
            problem = Problem("database", str(error), "Try again in a moment; accepted runs are kept.")
            await _refuse(scope, receive, send, 503, "the database does not answer", problem)
        else:
            await self.app(scope, receive, send)


def _identify(connection: HTTPConnection) -> Actor:
    """Return who asks.

    Raises:
        NotSignedInError: it is not known.
        NotAllowedError: who asks may not come in.
    """
    known = connection.scope.get(_ACTOR)
    if isinstance(known, Actor):
        return known
    context = contexts.current()
    kind, _, token = connection.headers.get("authorization", "").partition(" ")
    if kind.lower() == "bearer":
        return actor_of_token(context, token.strip())
    if not context.people.sign_in:
        return Actor(context.user)
    if _is_open(connection.scope):
        return Actor("anonymous", role=Role.VIEWER)
    claims = connection.app.state.read_claims(connection.cookies)
    if claims is None:
        problem = Problem("sign-in", "nobody has signed in", "Sign in on the pages, or send an API token.")
        raise NotSignedInError([problem])
    return actor_from_claims(context, claims)


def _people_sign_in() -> bool:
    try:
        return contexts.current().people.sign_in
    except NoContextError:  # before the start and after the stop, when no route has anything to answer from
        return False


def _is_open(scope: Scope) -> bool:
    return _path(scope) in OPEN


def _path(scope: Scope) -> str:
    path: str = scope["path"]
    return path.removeprefix(scope.get("root_path", ""))


async def _refuse(scope: Scope, receive: Receive, send: Send, status: int, error: str, problem: Problem) -> None:
    if scope["type"] == "websocket":
        code = TRY_AGAIN_LATER if status == 503 else POLICY_VIOLATION
        await send({"type": "websocket.close", "code": code, "reason": problem.text[:100]})
        return
    # `detail` is what the MCLAVIER Marketplace's clients show.
    extra = {"detail": problem.text} if _path(scope).startswith("/mclavier") else {}
    headers = {"WWW-Authenticate": "Bearer"} if status == 401 else {}
    body = {"error": error, "problems": [problem.as_dict()], **extra}
    await JSONResponse(body, status_code=status, headers=headers)(scope, receive, send)


def _count_request(connection: HTTPConnection, actor: Actor) -> None:
    """Refuse a request beyond the number that its caller may make in a minute."""
    limit: RequestLimit | None = getattr(connection.app.state, "request_limit", None)
    if limit is None or _path(connection.scope) in EXEMPT:
        return
    address = connection.client.host if connection.client else ""
    seconds = limit.wait_for(f"{actor.name}@{address}")
    if seconds is None:
        return
    refusal = f"more than {limit.per_minute:,} requests in a minute; come again in {seconds} s"
    if connection.scope["type"] == "websocket":
        raise WebSocketException(TRY_AGAIN_LATER, refusal)
    raise HTTPException(429, refusal, headers={"Retry-After": str(seconds)})
