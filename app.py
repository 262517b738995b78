"""The server: Streamlit's ASGI app around ui/shell/main.py, the HTTP API at /api, database and workers behind both.

Chosen: one process and one port. The lifespan starts what is needed and stops what it started, so that Ctrl-C leaves
nothing behind. After the start the garbage collector ignores what was imported (`gc.freeze`).
Left out: any page and any verb.
"""

import contextlib
import os
import socket
import stat
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pandas as pd  # noqa: F401 - imported before the freeze below, so that no session pays for collecting it
import plotly.graph_objects  # noqa: F401
import streamlit as st
import structlog
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

import settings as settings_module
from api.app import create_app
from api.gate import MCP, HostCheck, SecurityHeaders
from contract.actor import SYSTEM, Actor
from contract.errors import DatabaseUnavailable, NoContextError, ServerError, SignInError
from engine.commands.installation import (
    cipher_from,
    git_access_from,
    limits_from,
    overlays_from,
    people_rules_from,
)
from engine.models.register import register_folders
from engine.models.watch_folders import FolderWatcher
from engine.observability import telemetry
from engine.observability.logs import configure, route_server_logs
from engine.observability.loop_monitor import LoopMonitor
from engine.processes import context as contexts
from engine.processes.status import list_workers
from engine.processes.worker_pool import WorkerPool
from engine.runs.recovery import requeue_local_worker_runs
from engine.secrets.rotate import encrypt_plain_values
from settings import SettingsError
from storage.database import Database
from storage.embedded_postgres import EmbeddedServer
from storage.migrate import migrate
from ui.shell import assets, collector, sign_in
from ui.shell.idle import sleep_when_idle

HERE = Path(__file__).resolve().parent
PAGE = Path(st.__file__).parent / "static" / "index.html"  # the one HTML file that every page begins as
log = structlog.get_logger()

try:
    settings = settings_module.read_settings()
except SettingsError as error:
    sys.exit(f"Tontine cannot start:\n{error}")
configure(settings.log_level, settings.log_format)
for warning in settings_module.renamed():
    log.warning(warning)


@contextlib.asynccontextmanager
async def lifespan(_app: st.App) -> AsyncIterator[None]:
    """Start database, workers and listener; stop what was started."""
    route_server_logs()
    try:
        named = settings.administrators or settings.role_claim or settings.team_claim
        providers = sign_in.configured_providers(expected=bool(named))
    except SignInError as error:
        raise SystemExit(f"Tontine cannot start: {error}") from error
    sleep_when_idle(on_stop=_end_streams)
    with contextlib.ExitStack() as stack:
        telemetry.start(settings.telemetry, service="tontine-server")
        stack.callback(telemetry.stop)
        url = settings.database_url
        try:
            if not url:
                server = EmbeddedServer(settings.data / "postgres")
                url = server.start()
                stack.callback(server.stop)
            with contextlib.closing(Database(url)) as database:
                database.wait_until_ready(30)
                migrate(database)
        except (ServerError, DatabaseUnavailable) as error:
            raise SystemExit(f"Tontine cannot start: {error}") from error
        context = contexts.open_context(
            url,
            limits=limits_from(settings),
            data=settings.data,
            user=settings.user,
            git=git_access_from(settings),
            overlays=overlays_from(settings),
            cipher=cipher_from(settings),
            explorer_url=settings.explorer_url,
            people=people_rules_from(settings, sign_in=bool(providers)),
        )
        stack.callback(context.close)
        contexts.set_current(context)
        stack.callback(contexts.set_current, None)
        if encrypted := encrypt_plain_values(context.database, context.cipher):
            log.info("webhooks' secrets are encrypted now", webhooks=encrypted)
        telemetry.register_worker_gauge(lambda: len(list_workers(context, actor=SYSTEM)))
        for name, problems in register_folders(context, settings.functions, actor=SYSTEM).items():
            for problem in problems:
                log.warning("model not registered", model=name, problem=str(problem))
        if settings.development_folders:
            folders = FolderWatcher(context, settings.development_folders, actor=Actor(settings.user))
            folders.start()
            stack.callback(folders.stop)
        _answer_at_once()
        pool = WorkerPool(
            settings.workers,
            HERE / "worker.py",
            {**os.environ, "DATABASE_URL": url, "TONTINE_DATA": str(settings.data)},
            on_death=partial(requeue_local_worker_runs, context),
        )
        pool.start()
        stack.callback(pool.stop)
        collector.freeze_new_modules()
        garbage = collector.Collector()
        garbage.start()
        stack.callback(garbage.stop)
        if settings.loop_block_ms:
            watch = LoopMonitor("server", settings.loop_block_ms)
            watch.start()
            stack.callback(watch.stop)
        log.info(
            "ready",
            database="DATABASE_URL" if settings.database_url else "embedded",
            sign_in=", ".join(providers) or "none: one user, who is the administrator",
        )
        async with mcp_app.running() if mcp_app else contextlib.nullcontext():
            yield


def _end_streams() -> None:
    """End the answers that follow runs, which would keep the server from stopping."""
    if mcp_app:
        mcp_app.stop()
    with contextlib.suppress(NoContextError):  # during the start and at the end nothing is followed
        contexts.current().listener.release_waiters()


def _answer_at_once() -> None:
    """Set TCP_NODELAY on the listening sockets: accepted ones inherit it, and each answer saves up to 40 ms."""
    descriptors = Path("/proc/self/fd")
    for entry in list(descriptors.iterdir()) if descriptors.is_dir() else []:
        with contextlib.suppress(OSError):
            # Only sockets are duplicated. A duplicate of the pipe on which a thread waits for its new worker's start
            # would never be closed, and that worker would be neither supervised nor stopped.
            if not stat.S_ISSOCK(entry.stat().st_mode):
                continue
            with socket.socket(fileno=os.dup(int(entry.name))) as found:
                if found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                    found.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)


def serve_asset(request: Request) -> Response:
    """Serve a file of `ui.shell.assets`; its address changes with its content, so a browser may keep it for ever."""
    name = request.path_params["name"]
    if name not in assets.FILES or assets.load_asset(name).digest != request.path_params["digest"]:
        return PlainTextResponse("There is no such file. Reload the page.", status_code=404)
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
    content = assets.load_asset(name).content
    if "gzip" in request.headers.get("Accept-Encoding", ""):
        content = assets.gzipped(name)
        headers["Content-Encoding"] = "gzip"
    return Response(content, media_type=assets.load_asset(name).media_type, headers=headers)


mcp_app: "McpApp | None" = None
if settings.mcp:  # its package takes long to import
    from api.mcp.app import McpApp

    mcp_app = McpApp(settings.cors_origins, settings.rate_limit)

app = st.App(
    HERE / "ui" / "shell" / "main.py",
    routes=[
        Mount("/api", app=create_app(settings.cors_origins, settings.rate_limit, sign_in.read_claims)),
        Route(f"{assets.PREFIX}/{{digest}}/{{name}}", serve_asset),
        *([Route(MCP, mcp_app)] if mcp_app else []),
    ],
    middleware=[
        Middleware(SecurityHeaders, page=PAGE.read_text(), links=assets.preload_links),
        Middleware(HostCheck, allowed=settings.allowed_hosts),
    ],
    lifespan=lifespan,
)
