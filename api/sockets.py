"""A WebSocket that only the server writes to, served until there is nothing more to send or the client has left.

Left out: what is sent, which is each route's.
"""

import contextlib
from collections.abc import Awaitable, Callable

import anyio
from fastapi import WebSocket, WebSocketDisconnect

from contract.errors import DatabaseUnavailable

TRY_AGAIN_LATER = 1013  # the code with which a WebSocket is closed while the database does not answer


async def serve(socket: WebSocket, push: Callable[[], Awaitable[None]]) -> None:
    """Accept the socket and let `push` send; close when it is done or the client is gone."""
    await socket.accept()
    code = 1000
    async with anyio.create_task_group() as group:

        async def end_with_the_client() -> None:
            await _wait_until_closed(socket)
            group.cancel_scope.cancel()

        group.start_soon(end_with_the_client)
        with contextlib.suppress(WebSocketDisconnect, RuntimeError):  # the client has left
            try:
                await push()
            except DatabaseUnavailable:
                code = TRY_AGAIN_LATER
        group.cancel_scope.cancel()
    with contextlib.suppress(RuntimeError):  # it is closed already where the client has left
        await socket.close(code)


async def _wait_until_closed(socket: WebSocket) -> None:
    with contextlib.suppress(WebSocketDisconnect, RuntimeError):
        while True:
            await socket.receive_text()
