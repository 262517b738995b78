"""Wake a thread that waits for a connection, from another thread.

Chosen: a pair of sockets beside the connection's own in one selector, which has no limit on descriptors'
numbers as select() has, so that a thread sleeps until there is something to read and can still be woken to stop.
Left out: timers. A wait has a timeout or none.
"""

import contextlib
import selectors
import socket


class Wakeup:
    """What one thread waits for beside a connection; once woken by any thread it stays so until it is closed."""

    def __init__(self) -> None:
        self._sender, self._receiver = socket.socketpair()
        self._sender.setblocking(False)

    def wake(self) -> None:
        """End the wait, now or when it begins."""
        with contextlib.suppress(OSError):
            self._sender.send(b"x")

    def wait(self, descriptor: int, timeout: float | None = None) -> bool:
        """Wait until there is something to read at `descriptor`, `wake` is called or `timeout` seconds have passed.

        Returns:
            Whether there is something to read.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(self._receiver, selectors.EVENT_READ)
            selector.register(descriptor, selectors.EVENT_READ)
            return any(key.fd == descriptor for key, _ in selector.select(timeout))

    def close(self) -> None:
        """Close the sockets, once nobody waits any more."""
        self._sender.close()
        self._receiver.close()
