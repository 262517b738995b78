"""The HTTP API as one application, mounted at /api on the same port as the pages.

Chosen: FastAPI, for the documentation at /api/docs that comes from the same types; its page is served from
here, because an office's network may not reach the place it is usually fetched from.
Left out: anything the engine does not do for the pages too.
"""

from fastapi import Depends, FastAPI
from fastapi_offline import FastAPIOffline

from api import apps, errors, exports, monitor, registrations, runs, versions
from api.auth import current_actor

DESCRIPTION = """
Run models, follow runs and export results. Compatible with the MCLAVIER Marketplace's API: its clients work
with this base URL. Every error has the shape `{"error": ..., "problems": [{"where", "found", "remedy"}]}`.
"""


def create_app() -> FastAPI:
    """Return the API; its routes use the context that is open when they are called."""
    app = FastAPIOffline(
        title="Tontine",
        version="1",
        description=DESCRIPTION,
        redoc_url=None,
        dependencies=[Depends(current_actor)],  # also for a route that forgets to ask for the actor
    )
    errors.install_handlers(app)
    for part in (registrations, apps, versions, runs, exports, monitor):
        app.include_router(part.router)
    return app
