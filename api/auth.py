"""Who calls, and whether the call comes from our own pages.

Chosen: one function that every route and WebSocket depends on. Browsers send an Origin with requests that change
something and with WebSockets; one that is neither ours nor allowed by TONTINE_CORS_ORIGINS is refused, so that a page
elsewhere cannot start runs in an analyst's name. Which hosts are ours at all is checked before (`api.gate`).
Left out: tokens, which come with logins.
"""

from typing import Annotated

from fastapi import Depends, HTTPException, WebSocketException
from starlette.requests import HTTPConnection

from api.gate import same_host
from api.rate_limit import EXEMPT, RequestLimit
from api.sockets import TRY_AGAIN_LATER
from contract.actor import Actor
from engine.processes import context as contexts


def current_actor(connection: HTTPConnection) -> Actor:
    """Return the actor that the caller's reads and runs are for.

    Raises:
        HTTPException: 403 where a browser sends the request from another site.
        WebSocketException: 1008 where it opens a WebSocket from another site.

    Both refuse requests beyond the limit of `api.rate_limit` too, with 429 and 1013.
    """
    origin = connection.headers.get("origin")
    allowed = getattr(connection.app.state, "cors_origins", ())
    if origin is not None and origin not in allowed and not same_host(origin, connection.headers.get("host", "")):
        refusal = f"requests from {origin[:200]!r} are not accepted"
        if connection.scope["type"] == "websocket":
            raise WebSocketException(1008, refusal[:100])
        raise HTTPException(403, refusal)
    actor = Actor(contexts.current().user)
    _count_request(connection, actor)
    return actor


def _count_request(connection: HTTPConnection, actor: Actor) -> None:
    """Refuse a request beyond the number that its caller may make in a minute."""
    limit: RequestLimit | None = getattr(connection.app.state, "request_limit", None)
    path = connection.scope["path"].removeprefix(connection.scope.get("root_path", ""))
    if limit is None or path in EXEMPT:
        return
    address = connection.client.host if connection.client else ""
    seconds = limit.wait_for(f"{actor.name}@{address}")
    if seconds is None:
        return
    refusal = f"more than {limit.per_minute:,} requests in a minute; come again in {seconds} s"
    if connection.scope["type"] == "websocket":
        raise WebSocketException(TRY_AGAIN_LATER, refusal)
    raise HTTPException(429, refusal, headers={"Retry-After": str(seconds)})


CurrentActor = Annotated[Actor, Depends(current_actor)]
