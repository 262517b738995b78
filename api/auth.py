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
from contract.actor import Actor
from engine.processes import context as contexts


def current_actor(connection: HTTPConnection) -> Actor:
    """Return the actor that the caller's reads and runs are for.

    Raises:
        HTTPException: 403 where a browser sends the request from another site.
        WebSocketException: 1008 where it opens a WebSocket from another site.
    """
    origin = connection.headers.get("origin")
    allowed = getattr(connection.app.state, "cors_origins", ())
    if origin is not None and origin not in allowed and not same_host(origin, connection.headers.get("host", "")):
        refusal = f"requests from {origin[:200]!r} are not accepted"
        if connection.scope["type"] == "websocket":
            raise WebSocketException(1008, refusal[:100])
        raise HTTPException(403, refusal)
    return Actor(contexts.current().user)


CurrentActor = Annotated[Actor, Depends(current_actor)]
