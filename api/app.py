"""The HTTP API as one application, mounted at /api on the same port as the pages.

Chosen: FastAPI, for the documentation at /api/docs that comes from the same types; its page is served from
here, because an office's network may not reach the place it is usually fetched from.
Left out: anything the engine does not do for the pages too.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from fastapi import Depends, FastAPI
from fastapi.middleware.cors import CORSMiddleware
from fastapi_offline import FastAPIOffline

from api import (
    analysis_exports,
    annotations,
    apps,
    comparisons,
    errors,
    events,
    explorer,
    exports,
    generate,
    groups,
    monitor,
    people,
    portfolio,
    registrations,
    replays,
    run_links,
    runs,
    scenarios,
    secrets,
    sharing,
    uploads,
    values,
    versions,
    webhooks,
)
from api.auth import SignInCheck, current_actor
from api.mclavier import app as mclavier
from api.rate_limit import RequestLimit

DESCRIPTION = """
Run models, follow runs and export results. Every error has the shape
`{"error": ..., "problems": [{"where", "found", "remedy"}]}`. Clients of the MCLAVIER Marketplace have an API of their
own at [`/api/mclavier`](mclavier/docs).
"""
EXPOSED = ("Content-Disposition", "Link", "Retry-After", "X-Total-Count")  # headers that another site's page may read

PARTS = (
    registrations,
    apps,
    values,
    versions,
    uploads,
    runs,
    annotations,
    analysis_exports,
    comparisons,
    scenarios,
    groups,
    generate,
    events,
    exports,
    replays,
    run_links,
    sharing,
    webhooks,
    monitor,
    people,
    secrets,
    explorer,
    portfolio,
)


def create_app(
    cors_origins: Iterable[str] = (),
    requests_per_minute: int = 0,
    read_claims: Callable[[Mapping[str, str]], Mapping[str, Any] | None] = lambda _cookies: None,
) -> FastAPI:
    """Return the API; its routes use the context that is open when they are called.

    Args:
        cors_origins: other sites whose pages may use it, as browsers name them.
        requests_per_minute: that one caller may make; 0 is no limit.
        read_claims: returns what an identity provider says of who has signed in, from a browser's cookies, verified;
            None where they are of nobody.
    """
    app = FastAPIOffline(
        title="Tontine",
        version="1",
        description=DESCRIPTION,
        redoc_url=None,
        responses=errors.RESPONSES,
        dependencies=[Depends(current_actor)],  # also for a route that forgets to ask for the actor
    )
    errors.install_handlers(app)
    for part in PARTS:
        app.include_router(part.router)
    for_mclavier = mclavier.create_app()
    app.mount("/mclavier", for_mclavier)
    origins, limit = tuple(cors_origins), RequestLimit(requests_per_minute)
    for one in (app, for_mclavier):
        one.state.cors_origins = frozenset(origins)
        one.state.request_limit = limit
        one.state.read_claims = read_claims
    app.add_middleware(SignInCheck)
    if origins:
        app.add_middleware(
            CORSMiddleware, allow_origins=origins, allow_methods=["*"], allow_headers=["*"], expose_headers=EXPOSED
        )
    return app
