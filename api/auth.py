"""Who calls, and whether the call comes from our own pages.

Chosen: one function that every route goes through. Browsers send an Origin with requests that change something; one
that is not ours is refused, so that a page elsewhere cannot start runs in an analyst's name.
Left out: tokens, which come with logins.
"""

from urllib.parse import urlsplit

from fastapi import HTTPException, Request, WebSocket

from engine.processes import context as contexts


def current_user(request: Request | WebSocket) -> str:
    """Return the name that runs of this caller are recorded for.

    Raises:
        HTTPException: 403 where a browser sends the request from another site.
    """
    origin = request.headers.get("origin")
    if origin and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, f"requests from {origin} are not taken")
    return contexts.current().user
