"""Runs that were granted hosts: connections are made by the worker, to public addresses, and to nothing else."""

import contextlib

import pytest

from contract.errors import ConnectionDenied
from contract.public_address import is_public
from contract.run import Status
from engine.sandbox.connection_broker import ConnectionBroker
from engine.sandbox.supervisor import CancelToken, SandboxJob
from tests.engine.hosts import Answer, confined, local, serving

pytestmark = pytest.mark.processes

__all__ = ["local"]


class Named(Answer):
    def body(self):
        return self.headers["Host"].split(":")[0].encode()


@pytest.fixture(scope="module")
def server():
    with serving(Named) as port:
        yield port


def run_with_hosts(handle, folder, hosts, **inputs):
    job = SandboxJob("h", folder, inputs, 1, hosts=hosts)
    with contextlib.closing(CancelToken()) as cancel, handle.run(job, lambda _event: None, cancel) as found:
        return found


ATTEMPTS = """
import _socket, socket
def run(inputs):
    steps = {}
    def attempt(name, go):
        try:
            go()
            steps[name] = "LEAKED"
        except OSError as error:
            steps[name] = str(error)
"""
URLLIB = (
    "import urllib.request as u\ndef run(i):\n    return {'said': u.urlopen(i['url'], timeout=5).read().decode()}\n"
)
REQUESTS = "import requests\ndef run(i):\n    return {'said': requests.get(i['url'], timeout=5).text}\n"
HTTPX = "import httpx2\ndef run(i):\n    return {'said': httpx2.get(i['url'], timeout=5).text}\n"
HTTPX_ASYNC = """
import httpx2
async def run(i):
    async with httpx2.AsyncClient() as client:
        return {'said': (await client.get(i['url'], timeout=5)).text}
"""
STREAMS = """
import asyncio
async def run(i):
    reader, writer = await asyncio.open_connection("localhost", i["port"])
    writer.write(b"GET / HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n")
    said = (await reader.read()).split(b"\\r\\n\\r\\n")[1].decode()
    writer.close()
    return {"said": said}
"""


@confined
@pytest.mark.parametrize(
    "code",
    [URLLIB, REQUESTS, HTTPX, HTTPX_ASYNC, STREAMS],
    ids=["urllib", "requests", "httpx2", "httpx2 async", "asyncio streams"],
)
def test_a_granted_host_is_reached_by_the_usual_libraries(local, model, server, code):
    found = run_with_hosts(local, model(code), (f"localhost:{server}",), url=f"http://localhost:{server}/", port=server)
    assert (found.reason, found.result) == (None, {"said": "localhost"})


@confined
def test_a_host_that_was_not_granted_is_refused_with_its_name(local, model, server):
    code = URLLIB.replace("import urllib", "import urllib.error\nimport urllib", 1)
    found = run_with_hosts(local, model(code), (f"localhost:{server}",), url=f"http://127.0.0.1:{server}/")
    assert found.status is Status.FAILED
    assert f"127.0.0.1:{server} is not among the hosts that this model may reach" in found.reason


@confined
def test_a_granted_name_that_leads_to_a_private_address_is_refused(handle, model, server):
    found = run_with_hosts(handle, model(URLLIB), (f"localhost:{server}",), url=f"http://localhost:{server}/")
    assert found.status is Status.FAILED
    assert "has an address that is not on the public internet" in found.reason


@confined
def test_a_run_with_a_granted_host_can_still_open_no_socket_of_its_own(local, model, server):
    code = (
        ATTEMPTS
        + """
    own = _socket.socket
    attempt("socket", lambda: own(socket.AF_INET, socket.SOCK_STREAM))
    attempt("datagram", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
    attempt("unix", lambda: socket.socket(socket.AF_UNIX, socket.SOCK_STREAM))
    attempt("listen", lambda: socket.create_server(("127.0.0.1", 0)))
    made = socket.create_connection(("localhost", inputs["port"]))
    attempt("reconnect", lambda: own.connect(made, ("127.0.0.1", inputs["port"])))
    attempt("send and connect", lambda: made.sendto(b"x", 0x20000000, ("127.0.0.1", inputs["port"])))
    return {"steps": steps}
"""
    )
    found = run_with_hosts(local, model(code), (f"localhost:{server}",), port=server)
    assert found.reason is None
    assert len(found.result["steps"]) == 6
    assert not [step for step, words in found.result["steps"].items() if words == "LEAKED"]


@confined
def test_a_run_whose_host_is_not_granted_gets_that_error_and_can_open_no_socket(handle, model, server):
    code = (
        ATTEMPTS
        + """
    attempt("asked for", lambda: socket.create_connection(("LOCALHOST", inputs["port"])))
    attempt("other", lambda: socket.create_connection(("127.0.0.1", inputs["port"])))
    attempt("socket", lambda: _socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    attempt("pair", lambda: socket.socketpair()[0].setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1))
    return {"steps": steps}
"""
    )
    job = SandboxJob(
        "h", model(code), {"port": server}, 1, denial_messages={f"localhost:{server}": "ask an administrator"}
    )
    with contextlib.closing(CancelToken()) as cancel, handle.run(job, lambda _event: None, cancel) as found:
        steps = found.result["steps"]
    assert not [step for step, words in steps.items() if words == "LEAKED"]
    assert "ask an administrator" in steps["asked for"]
    assert "not among the hosts" in steps["other"]


@confined
def test_without_a_granted_host_the_model_cannot_request_a_connection(handle, model, server):
    found = run_with_hosts(handle, model(URLLIB), (), url=f"http://localhost:{server}/")
    assert found.status is Status.FAILED


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
        "255.255.255.255", "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::ffff:127.0.0.1",
        "2002:7f00:1::", "64:ff9b::a00:1", "no address",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(address):
    assert not is_public(address)


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "::ffff:1.1.1.1"])
def test_a_public_address_is_allowed(address):
    assert is_public(address)


def test_one_private_address_among_several_is_enough_to_refuse(monkeypatch):
    import socket

    both = [(2, 1, 6, "", ("1.1.1.1", 443)), (2, 1, 6, "", ("10.0.0.1", 443))]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_a, **_k: both)
    broker = ConnectionBroker(["example.com"])
    with pytest.raises(ConnectionDenied, match="public internet"):
        broker.connect("example.com", 443)
    broker.close()


def test_a_name_without_a_port_grants_the_web_ports_alone():
    broker = ConnectionBroker(["example.com"], allowed=lambda _address: False)
    for port, words in ((22, "not among the hosts"), (443, "public internet|not known")):
        with pytest.raises(ConnectionDenied, match=words):
            broker.connect("EXAMPLE.com.", port)
    broker.close()


@pytest.mark.parametrize("asked", [b"x", b"[]", b"{}", b'{"host": 1, "port": 1}', b'{"host": "a", "port": 70000}'])
def test_an_invalid_request_is_refused_and_the_next_one_is_answered(asked):
    broker = ConnectionBroker(["example.com"], allowed=lambda _address: False)
    for _ in range(2):
        broker.theirs.send(asked)
        assert b"asked for properly" in broker.theirs.recv(1_000)
    broker.close()
