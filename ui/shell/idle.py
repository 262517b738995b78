"""The server's main loop: one that sleeps while it is idle, and ends soon when it is told to.

Chosen: Streamlit reads the times of its configuration files five times a second each, which only matters to who edits
them; where its file watcher is off, these watches are off as well. uvicorn looks ten times a second whether it is to
end; here the signal that ends it wakes it. Both are replaced in place, because neither has a setting.
Left out: anything while the server works.
"""

import asyncio
import contextlib
import signal
from collections.abc import Callable

import streamlit as st
import uvicorn
from streamlit.watcher.polling_path_watcher import PollingPathWatcher

TICK = 1.0  # s between two looks at the clock, which gives the answers' date
SHUTDOWN_TIMEOUT = 3  # s that answers being sent have when the server is to end


def sleep_when_idle(on_stop: Callable[[], None]) -> None:
    """Stop the polling of this process; called before the server begins its main loop.

    Args:
        on_stop: called on the server's loop when it has been asked to stop, before it waits for open answers.
    """

    async def main_loop(server: uvicorn.Server) -> None:
        server.config.timeout_graceful_shutdown = SHUTDOWN_TIMEOUT
        await _main_loop(server)
        on_stop()

    uvicorn.Server.main_loop = main_loop  # type: ignore[method-assign]
    if st.get_option("server.fileWatcherType") == "none":
        PollingPathWatcher._schedule = _never  # type: ignore[method-assign]  # noqa: SLF001


def _never(_watcher: PollingPathWatcher) -> None:
    """Watch no longer."""


async def _main_loop(server: uvicorn.Server) -> None:
    """Wait until the server is to end, and keep its date."""
    loop, ended = asyncio.get_running_loop(), asyncio.Event()

    def end(number: signal.Signals) -> None:
        server.handle_exit(number, None)
        ended.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        # On Windows, and in another than the main thread, signals stay uvicorn's: its end is seen at the next tick.
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, end, number)
    while not await server.on_tick(0):
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(ended.wait(), TICK)
