"""A server and two worker hosts that share only DATABASE_URL: server and host are killed, or a host loses its network.

Each host is a data folder of its own. In the slow test, which needs root on Linux with iproute2, it is also a network
namespace behind a pair of virtual network cards, one of which goes down.
"""

import contextlib
import json
import os
import secrets
import shutil
import signal
import subprocess
from uuid import UUID

import psycopg
import pytest

from contract.run import Status
from engine.runs.submit import submit
from engine.runs.uploads import store_upload
from storage import apps, runs
from tests.actors import ADA
from tests.faults.installation import Installation, children, has_ended, until
from tests.faults.postgres_server import PostgresServer
from tests.faults.web_server import WebServer

READS = b"def run(inputs):\n    return {'summary': {'text': open(inputs['data']).read()}}\n"
UPLOAD = b'{"name": "Reads", "inputs": {"data": {"type": "file", "accept": [".csv"]}}}'


def ip(*arguments, check=True):
    return subprocess.run(["ip", *arguments], check=check, capture_output=True, text=True).returncode == 0


@pytest.fixture
def networks():
    """The database's address, its network, and for each host its command prefix and a function that disconnects it."""
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("ip") is None:
        pytest.skip("network namespaces need Linux, iproute2 and root")
    tag = secrets.token_hex(2)
    bridge, net = f"tb{tag}", f"10.{secrets.randbelow(100) + 100}.{secrets.randbelow(250)}"
    hosts = {}
    if not ip("link", "add", bridge, "type", "bridge", check=False):
        pytest.skip("network namespaces are not allowed here")
    try:
        ip("addr", "add", f"{net}.1/24", "dev", bridge)
        ip("link", "set", bridge, "up")
        for i, name in enumerate(("one", "two")):
            space, outer, inner = f"tontine-{tag}-{name}", f"to{tag}{i}", f"ti{tag}{i}"
            ip("netns", "add", space)
            hosts[name] = ("ip", "netns", "exec", space), lambda outer=outer: ip("link", "set", outer, "down")
            ip("link", "add", outer, "type", "veth", "peer", "name", inner)
            ip("link", "set", inner, "netns", space)
            ip("link", "set", outer, "master", bridge)
            ip("link", "set", outer, "up")
            ip("-n", space, "addr", "add", f"{net}.{i + 2}/24", "dev", inner)
            ip("-n", space, "link", "set", inner, "up")
        yield f"{net}.1", f"{net}.0/24", hosts
    finally:
        for prefix, _ in hosts.values():
            ip("netns", "delete", prefix[3], check=False)
        ip("link", "delete", bridge, check=False)


def test_a_worker_that_starts_before_any_server_creates_the_tables(tcp_installation, postgres):
    name = f"empty_{secrets.token_hex(4)}"
    with psycopg.connect(postgres.url(), autocommit=True) as conn:
        conn.execute(f"create database {name}")
    tcp_installation.start_worker(url=postgres.url(name))
    with psycopg.connect(postgres.url(name), autocommit=True) as conn:
        until(lambda: conn.execute("select to_regclass('workers')").fetchone()[0])
        until(lambda: conn.execute("select count(*) from workers").fetchone()[0] == 1)


@contextlib.contextmanager
def server_and_hosts(installation, url, prefixes, workers):
    """Start a server with `workers` workers and a worker on each host; yields the server and the hosts' processes."""
    hosts = {name: installation.start_worker(name, prefix=prefix, url=url) for name, prefix in prefixes.items()}
    server = WebServer(installation.home / "server", DATABASE_URL=url, TONTINE_WORKERS=str(workers))
    try:
        yield server, hosts
    finally:
        if server.process.poll() is None:
            server.stop()


def submit_runs(installation, server):
    """Submit runs through the server's API, and two that read an uploaded file."""
    installation.add("reads", READS, UPLOAD)
    with installation.context.database.read() as conn:
        waits = apps.app_by_slug(conn, "waits").id
    for n in range(16):
        body = json.dumps({"inputs": {"n": n, "seconds": 1.0}, "fresh": True}).encode()
        with server.open(f"/api/apps/{waits}/run", data=body, headers={"Content-Type": "application/json"}) as got:
            installation.ids.append(UUID(json.load(got)["run_id"]))
    for n in range(2):
        value = store_upload(installation.context, "a.csv", f"a,b\n1,{n}\n".encode(), actor=ADA)
        installation.ids.append(submit(installation.context, "reads", {"data": value}, actor=ADA).id)


def wait_until_host_works(installation, process):
    """Wait until the host has finished one run and executes another."""

    def seen(wanted):
        # Found by the process id, which is the same outside: the host has a network namespace, but no process namespace.
        return any(
            wanted(r) for r in map(installation.run, installation.ids) if (r.worker or "").endswith(f":{process.pid}")
        )

    until(lambda: seen(lambda r: r.status.final))
    until(lambda: seen(lambda r: r.status is Status.RUNNING))


def check_outcome(installation, hosts, lost):
    """Check that all runs succeeded, the lost host's too, and that each host fetched code and files itself."""
    ended = installation.expect_success(90)
    assert max(r.attempt for r in ended) > 1
    assert {str(p.pid) for p in hosts.values()} <= {r.worker.rpartition(":")[2] for r in ended}
    assert next(p for name, p in hosts.items() if name != lost).poll() is None
    for name in hosts:
        assert list((installation.home / name / "cache" / "versions").iterdir())
    assert list(installation.home.glob("*/cache/uploads/*"))
    with installation.context.database.read() as conn:
        texts = {r.inputs["data"]["file"]: runs.read_snapshot(conn, r.id)[1] for r in ended if r.app_slug == "reads"}
    assert sorted(doc["summary"]["text"] for doc in texts.values()) == ["a,b\n1,0\n", "a,b\n1,1\n"]


@pytest.mark.slow_faults
def test_a_server_and_two_hosts_share_the_work_and_the_server_and_one_host_are_killed(tcp_installation, count_fault):
    """The server has a worker of its own, which ends with it and puts its runs back."""
    with server_and_hosts(tcp_installation, tcp_installation.url, {"one": (), "two": ()}, workers=1) as (server, hosts):
        submit_runs(tcp_installation, server)
        wait_until_host_works(tcp_installation, hosts["one"])
        descendants = children(hosts["one"]) + server.descendants()
        hosts["one"].kill()
        server.process.kill()
        hosts["one"].wait()
        count_fault(2)
        assert server.process.wait(30) == -signal.SIGKILL
        check_outcome(tcp_installation, hosts, "one")
        until(lambda: all(map(has_ended, descendants)))


@pytest.mark.slow_faults
@pytest.mark.timeout(300)
def test_the_runs_of_a_host_that_loses_its_network_go_to_the_other(networks, tmp_path, count_fault):
    """No packet reports it: the connections stay open on both sides."""
    address, network, prefixes = networks
    postgres = PostgresServer(tmp_path / "postgres", address, network)
    postgres.start()
    installation = Installation(postgres.url(), tmp_path / "installation")
    try:
        spaces = {name: prefix for name, (prefix, _) in prefixes.items()}
        with server_and_hosts(installation, installation.url, spaces, workers=0) as (server, hosts):
            submit_runs(installation, server)
            wait_until_host_works(installation, hosts["one"])
            prefixes["one"][1]()
            count_fault()
            check_outcome(installation, hosts, "one")
            # Without the network it ends after its timeout, and so do its models.
            descendants = children(hosts["one"])
            assert hosts["one"].wait(120) == 1
            until(lambda: all(map(has_ended, descendants)))
    finally:
        installation.close()
        postgres.stop("immediate")
