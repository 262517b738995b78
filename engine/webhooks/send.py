"""Post a message to a webhook's address, which may be anybody's choice.

Chosen: every address that the name resolves to must be public, or the name one that an operator allows; the connection
goes to the very address that was looked at, so that a name cannot point elsewhere a moment later. No redirect is
followed and no proxy used.
Left out: trying again.
"""

import http.client
import socket
import ssl
import threading
from collections.abc import Collection, Mapping
from urllib.parse import urlsplit

from contract.errors import DeliveryError
from contract.public_address import is_public

TIMEOUT = 10.0  # s to connect, and between two pieces of the answer
WHOLE_TIMEOUT = 30.0  # s for all of it
PORTS = {"http": 80, "https": 443}


def post(url: str, body: bytes, headers: Mapping[str, str], *, private_hosts: Collection[str] = ()) -> int:
    """Post `body` and return the status of the answer.

    Raises:
        DeliveryError: there was no answer; the message says why.
    """
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    opened = _connect(host, port, private_hosts)
    ends = threading.Timer(WHOLE_TIMEOUT, _shut, [opened])
    ends.daemon = True
    ends.start()
    try:
        if parts.scheme == "https":
            opened = ssl.create_default_context().wrap_socket(opened, server_hostname=host)
        connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
        connection.sock = opened
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("POST", path, body, {"Host": parts.netloc, **headers})
        return int(connection.getresponse().status)
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DeliveryError(f"{host}:{port} did not answer: {type(error).__name__} {error}"[:500]) from error
    finally:
        ends.cancel()
        opened.close()


def resolve(host: str, port: int, private_hosts: Collection[str] = ()) -> list[tuple[int, tuple[str, int]]]:
    """Return the addresses of a host that may be reached, each with its family.

    Raises:
        DeliveryError: its name is not known, or one of its addresses is not public.
    """
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise DeliveryError(f"{host} is not known: {error}") from error
    addresses = [(int(family), (str(address[0]), port)) for family, *_, address in found]
    if host.lower() not in private_hosts and not all(is_public(address[0]) for _, address in addresses):
        raise DeliveryError(f"{host} has an address that is not on the public internet")
    return addresses


def _connect(host: str, port: int, private_hosts: Collection[str]) -> socket.socket:
    last: OSError | None = None
    for family, address in resolve(host, port, private_hosts):
        made = socket.socket(family, socket.SOCK_STREAM)
        made.settimeout(TIMEOUT)
        try:
            made.connect(address)
        except OSError as error:
            made.close()
            last = error
        else:
            return made
    raise DeliveryError(f"{host}:{port} does not answer: {last}")


def _shut(opened: socket.socket) -> None:
    try:
        opened.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it has been closed
