"""The MCLAVIER Marketplace's API as an application of its own, mounted at /api/mclavier.

Chosen: an application and not a router, because its errors have another shape than ours; its clients change their base
URL and nothing else. Where its behaviour and ours differ, it is as its clients expect here and strict there.
Left out: run ids that are numbers. Its clients hand an id back as they got it, and ours are UUIDs.
"""

from fastapi import Depends, FastAPI
from fastapi_offline import FastAPIOffline

from api.auth import current_actor
from api.mclavier import apps, errors, explorer, monitor, runs

DESCRIPTION = """
The MCLAVIER Marketplace's API: its clients work with this base URL. Every error has a `detail` in words. For new
programs use the API at `/api`, which checks inputs strictly and returns results whole.
"""


def create_app() -> FastAPI:
    """Return the application; its routes use the context that is open when they are called."""
    app = FastAPIOffline(
        title="Tontine for clients of the MCLAVIER Marketplace",
        version="1",
        description=DESCRIPTION,
        redoc_url=None,
        responses=errors.RESPONSES,
        dependencies=[Depends(current_actor)],
    )
    errors.install_handlers(app)
    for part in (apps, runs, monitor, explorer):
        app.include_router(part.router)
    return app
