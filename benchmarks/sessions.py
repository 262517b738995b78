"""Fifty open sessions of the model page: memory of the server, and how long a rerun takes, alone and all at once.

The sessions speak Streamlit's own protocol over WebSockets, because fifty browsers would measure the browsers.
"""

import asyncio
import time

import psutil
import websockets
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.browser import tontine
from benchmarks.fixture import quantiles

SESSIONS = 50
ROUNDS = 5


class Session:
    """One open page."""

    def __init__(self, url: str) -> None:
        self.url = url.replace("http", "ws", 1) + "/_stcore/stream"

    async def open(self) -> None:
        """Connect, as a browser does."""
        self.socket = await websockets.connect(
            self.url, subprotocols=[websockets.Subprotocol("streamlit")], max_size=None
        )

    async def rerun(self) -> float:
        """Request a rerun of the script and return the milliseconds until it has finished."""
        message = BackMsg()
        message.rerun_script.query_string = "app=nothing"
        message.rerun_script.page_name = "model"
        begun = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        while True:
            answer = ForwardMsg()
            answer.ParseFromString(await self.socket.recv())
            if answer.WhichOneof("type") == "script_finished":
                return (time.perf_counter() - begun) * 1000

    async def close(self) -> None:
        """Close the connection."""
        await self.socket.close()


async def measure(url: str, server: psutil.Process) -> None:
    """Print the figures."""
    before = server.memory_info().rss
    sessions = [Session(url) for _ in range(SESSIONS)]
    first = []
    for session in sessions:
        await session.open()
        first.append(await session.rerun())
    after = server.memory_info().rss
    alone = [await session.rerun() for session in sessions]
    together: list[float] = []
    for _ in range(ROUNDS):
        together += await asyncio.gather(*(session.rerun() for session in sessions))
    print(f"{SESSIONS} sessions: {(after - before) / 1e6 / SESSIONS:.2f} MB each, {after / 1e6:.0f} MB in all")
    print(f"first run of a session: {quantiles(first)}")
    print(f"a rerun, the others idle: {quantiles(alone)}")
    print(f"a rerun, all {SESSIONS} at once: {quantiles(together)}")
    for session in sessions:
        await session.close()


def main() -> None:
    """Start a server and measure it."""
    with tontine(workers=1) as (url, process):
        asyncio.run(measure(url, psutil.Process(process.pid)))


if __name__ == "__main__":
    main()
