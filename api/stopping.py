"""Waiting that ends when the server is asked to stop.

The web server waits for open answers before it ends the application's lifespan, so that whoever waits for minutes would
keep it waiting too.
Left out: how the server learns it (`ui.shell.idle`).
"""

import contextlib
from collections.abc import Iterator

import anyio


class Stopping:
    """Whether the server has been asked to stop, and what waits until then; used on one loop."""

    def __init__(self) -> None:
        self.begun = False
        self._scopes: set[anyio.CancelScope] = set()

    def begin(self) -> None:
        """End everything that waits, now and from here on."""
        self.begun = True
        for scope in list(self._scopes):
            scope.cancel()

    @contextlib.contextmanager
    def ends(self, scope: anyio.CancelScope) -> Iterator[None]:
        """Cancel the scope when the server is asked to stop while the block runs."""
        if self.begun:
            scope.cancel()
        self._scopes.add(scope)
        try:
            yield
        finally:
            self._scopes.discard(scope)
