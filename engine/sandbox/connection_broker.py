"""The hosts a run may reach: the worker connects for it and hands the connected descriptor over.

Chosen: the model's process can open no socket of its own. It asks here by name; the name must be granted, every
address it resolves to must be public, and the connection goes to the very address that was looked at, so that a
name cannot point elsewhere a moment later.
Left out: datagrams, listening, proxies, and what goes over a connection once it is made.
"""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterable

import orjson

from contract.errors import ConnectionDenied
from contract.public_address import is_private, is_public

PORTS = frozenset({80, 443})  # where a granted host is reached unless its name says another: `host:port`
CONNECT = 10.0  # s
REQUEST = 1_024  # bytes
CONNECTIONS = 1_000  # that one run may ask for


class ConnectionBroker:
    """Makes one run's connections; `theirs` is the descriptor its child asks through.

    Args:
        hosts: granted names, each `host` or `host:port`.
        allowed: whether an address may be reached.
        private: those of the hosts that an administrator granted although their addresses are not public.
    """

    def __init__(
        self, hosts: Iterable[str], allowed: Callable[[str], bool] = is_public, private: Iterable[str] = ()
    ) -> None:
        self.granted = {_granted(host) for host in hosts}
        self.private = {_granted(host) for host in private}
        self.allowed = allowed
        self._ours, self.theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        threading.Thread(target=self._serve, name="hosts", daemon=True).start()

    def close(self) -> None:
        """Stop; connections already handed over are the child's and end with it."""
        with contextlib.suppress(OSError):
            self._ours.shutdown(socket.SHUT_RDWR)
        self.theirs.close()

    def connect(self, host: str, port: int) -> socket.socket:
        """Return a connection to a granted host.

        Raises:
            Refused: the host is not granted, has an address that is not public, or does not answer.
        """
        name = host.lower().rstrip(".")
        if (name, port) not in self.granted and not ((name, None) in self.granted and port in PORTS):
            raise ConnectionDenied(f"{host}:{port} is not among the hosts that this model may reach")
        try:
            found = socket.getaddrinfo(name, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            raise ConnectionDenied(f"{host} is not known: {error}") from error
        private = (name, port) in self.private or ((name, None) in self.private and port in PORTS)
        may_reach = self._may_reach_privately if private else self.allowed
        if not all(may_reach(str(address[0])) for *_, address in found):
            raise ConnectionDenied(
                f"{host} has an address that is not on the public internet"
                + ("" if private else ". Where that is meant, an administrator grants it with --private-host")
            )
        last: OSError | None = None
        for family, kind, protocol, _, address in found:
            made = socket.socket(family, kind, protocol)
            made.settimeout(CONNECT)
            try:
                made.connect(address)
            except OSError as error:
                made.close()
                last = error
            else:
                made.settimeout(None)
                return made
        raise ConnectionDenied(f"{host}:{port} does not answer: {last}")

    def _may_reach_privately(self, address: str) -> bool:
        """Return whether an address is a public one, or that of a server in the office or on this machine."""
        return self.allowed(address) or is_private(address)

    def _serve(self) -> None:
        with self._ours, contextlib.suppress(OSError):
            for _ in range(CONNECTIONS):
                asked = self._ours.recv(REQUEST)
                if not asked:
                    return
                try:
                    made = self.connect(*_request(asked))
                except ConnectionDenied as error:
                    self._ours.send(orjson.dumps({"refused": str(error)[:500]}))
                    continue
                with made:
                    socket.send_fds(self._ours, [b"{}"], [made.fileno()])


def _granted(host: str) -> tuple[str, int | None]:
    name, colon, port = host.lower().rpartition(":")
    return (name, int(port)) if colon and port.isdigit() else (host.lower().rstrip("."), None)


def _request(asked: bytes) -> tuple[str, int]:
    try:
        said = orjson.loads(asked)
        host, port = said["host"], said["port"]
    except (orjson.JSONDecodeError, KeyError, TypeError) as error:
        raise ConnectionDenied("it is not asked for properly") from error
    if not isinstance(host, str) or not isinstance(port, int) or not 0 < port < 65_536:
        raise ConnectionDenied("it is not asked for properly")
    return host, port
