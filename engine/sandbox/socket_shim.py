"""Sockets for a run that may reach hosts: they ask the worker for a connection where others connect.

Chosen: the standard library's socket class is replaced by one that takes its connection over from the worker, so that
urllib, requests, httpx and asyncio work as they are; names are not resolved here.
A host that the model asks for and was not granted is refused here, with words that say what is missing; a model that
was granted none has no way to the worker at all.
Left out: datagrams and listening, which the confinement denies. Loaded by the zygote; self-contained: it imports
nothing of ours.
"""

import errno
import os
import socket
import ssl  # noqa: F401 - its own socket class must be made from the original one
import threading
from collections.abc import Mapping
from typing import Any

import orjson

_Original = socket.socket
_ports = {"http": 80, "https": 443}


class HostDeniedError(ConnectionRefusedError):
    """A connection that is not made; it says why, for the model's author."""


def denial_behind(error: BaseException) -> str:
    """Return why a connection was not made, where that is behind an exception whose text does not say so, or nothing.

    httpx on an event loop, for one, says "All connection attempts failed".
    """
    to_look_at, seen = [error], set[int]()
    while to_look_at:
        found = to_look_at.pop()
        if id(found) in seen:
            continue
        seen.add(id(found))
        if isinstance(found, HostDeniedError):
            return "" if str(found.strerror) in str(error) else str(found.strerror)
        to_look_at += [e for e in (found.__cause__, found.__context__) if e is not None]
        to_look_at += getattr(found, "exceptions", ())  # of a group
    return ""


def install(descriptor: int | None, denial_messages: Mapping[str, str]) -> None:
    """Make the process's sockets ask for their connections.

    Args:
        descriptor: where the worker is asked; None where no host was granted.
        denial_messages: what to say for hosts that are known to be refused, each `host` or `host:port`.
    """
    broker_socket = None if descriptor is None else _Original(socket.AF_UNIX, socket.SOCK_SEQPACKET, 0, descriptor)
    lock = threading.Lock()

    def ask(host: Any, port: Any) -> int:
        name = host.decode() if isinstance(host, bytes) else str(host)
        known = name.lower().rstrip(".")
        said = denial_messages.get(f"{known}:{port}") or denial_messages.get(known)
        if said is not None or broker_socket is None:
            said = said or f"{name}:{port} is not among the hosts that this model may reach"
            raise HostDeniedError(errno.ECONNREFUSED, said)
        with lock:
            broker_socket.send(orjson.dumps({"host": name, "port": port}))
            answer, descriptors, _, _ = socket.recv_fds(broker_socket, 4_096, 1)
        if descriptors:
            return descriptors[0]
        why = orjson.loads(answer).get("refused") if answer else "no further connection is made for this run"
        raise HostDeniedError(errno.ECONNREFUSED, why)

    class Socket(_Original):
        """A stream socket that becomes a connection when `connect` is called."""

        def __init__(self, family: int = -1, type: int = -1, proto: int = -1, fileno: int | None = None) -> None:  # noqa: A002
            self._options: list[tuple[Any, ...]] | None = None
            streams = {-1, socket.SOCK_STREAM, socket.SOCK_STREAM | socket.SOCK_NONBLOCK}
            if fileno is None and family in {-1, socket.AF_INET, socket.AF_INET6} and int(type) in streams:
                place, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
                other.close()
                family = socket.AF_INET if family == -1 else family
                super().__init__(family, socket.SOCK_STREAM, socket.IPPROTO_TCP, place.detach())
                self._options = []
            else:
                super().__init__(family, type, proto, fileno)

        def connect(self, address: Any) -> None:
            if self._options is None:
                super().connect(address)
                return
            made = ask(address[0], address[1])
            os.dup2(made, self.fileno(), inheritable=False)
            os.close(made)
            options, self._options = self._options, None
            self.settimeout(self.gettimeout())
            for option in options:
                super().setsockopt(*option)

        def connect_ex(self, address: Any) -> int:
            try:
                self.connect(address)
            except OSError as error:
                return error.errno or errno.ECONNREFUSED
            return 0

        def setsockopt(self, *option: Any) -> None:
            if self._options is None:
                super().setsockopt(*option)
            else:
                self._options.append(option)

    def getaddrinfo(
        host: Any,
        port: Any,
        family: int = 0,
        type: int = 0,  # noqa: A002
        proto: int = 0,  # noqa: ARG001 - the standard library's signature
        flags: int = 0,  # noqa: ARG001
    ) -> list[tuple[Any, ...]]:
        """Return the name itself as its address: the worker resolves it when it connects."""
        number = _ports.get(port, port) if isinstance(port, str) else port
        if not host or type not in {0, socket.SOCK_STREAM} or not str(number).isdigit():
            raise socket.gaierror(socket.EAI_NONAME, "only connections to named hosts are made here")
        address = (host, int(str(number)))
        if family == socket.AF_INET6:
            return [(socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (*address, 0, 0))]
        return [(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address)]

    socket.socket = Socket  # type: ignore[misc]
    socket.SocketType = Socket  # type: ignore[assignment]
    socket.getaddrinfo = getaddrinfo
