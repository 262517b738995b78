"""A bell: it ends a thread's wait for a connection from another thread.

Chosen: a pair of sockets beside the connection's own in one selector, which has no limit on descriptors'
numbers as select() has, so that a thread sleeps until there is something to read and can still be told to stop.
Left out: timers. A wait has a timeout or none.
"""

import contextlib
import selectors
import socket


class Wakeup:
    """Something one thread waits for beside a connection and any thread may ring; it rings until it is closed."""

    def __init__(self) -> None:
        self._rope, self._sound = socket.socketpair()
        self._rope.setblocking(False)

    def wake(self) -> None:
        """End the wait, now or when it begins."""
        with contextlib.suppress(OSError):
            self._rope.send(b"x")

    def wait(self, descriptor: int, timeout: float | None = None) -> bool:
        """Wait until there is something to read at `descriptor`, the bell rings or `timeout` seconds have passed.

        Returns:
            Whether there is something to read.
        """
        with selectors.DefaultSelector() as selector:
            selector.register(self._sound, selectors.EVENT_READ)
            selector.register(descriptor, selectors.EVENT_READ)
            return any(key.fd == descriptor for key, _ in selector.select(timeout))

    def close(self) -> None:
        """Give the sockets back, once nobody waits any more."""
        self._rope.close()
        self._sound.close()
