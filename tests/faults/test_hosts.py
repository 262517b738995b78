"""A server and two worker hosts: nothing is shared but DATABASE_URL; server and host are killed, or one drops off.

Each host is a root folder of its own; in the slow form, where this is root on Linux with iproute2, it is a network
namespace behind a pair of virtual cards as well, and one of the cards goes down.
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
from tests.faults.cluster import Cluster
from tests.faults.house import House, children, gone, until
from tests.faults.server import Server

READS = b"def run(inputs):\n    return {'summary': {'text': open(inputs['data']).read()}}\n"
UPLOAD = b'{"name": "Reads", "inputs": {"data": {"type": "file", "accept": [".csv"]}}}'


def ip(*arguments, check=True):
    return subprocess.run(["ip", *arguments], check=check, capture_output=True, text=True).returncode == 0


@pytest.fixture
def networks():
    """The database's address, its network, and for each host the command prefix and what takes it off the network."""
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


def test_a_worker_that_comes_before_any_server_makes_the_tables(far_house, cluster):
    name = f"empty_{secrets.token_hex(4)}"
    with psycopg.connect(cluster.url(), autocommit=True) as conn:
        conn.execute(f"create database {name}")
    far_house.worker(url=cluster.url(name))
    with psycopg.connect(cluster.url(name), autocommit=True) as conn:
        until(lambda: conn.execute("select to_regclass('workers')").fetchone()[0])
        until(lambda: conn.execute("select count(*) from workers").fetchone()[0] == 1)


@contextlib.contextmanager
def installation(house, url, prefixes, workers):
    """Start a server with so many workers and a worker on each host, and give them."""
    hosts = {name: house.worker(name, prefix=prefix, url=url) for name, prefix in prefixes.items()}
    server = Server(house.home / "server", DATABASE_URL=url, TONTINE_WORKERS=str(workers))
    try:
        yield server, hosts
    finally:
        if server.process.poll() is None:
            server.end()


def ask(house, server):
    """Submit by the server's API, and a run that reads an uploaded file."""
    house.add("reads", READS, UPLOAD)
    with house.context.database.read() as conn:
        waits = apps.app_by_slug(conn, "waits").id
    for n in range(16):
        body = json.dumps({"inputs": {"n": n, "seconds": 1.0}, "fresh": True}).encode()
        with server.open(f"/api/apps/{waits}/run", data=body, headers={"Content-Type": "application/json"}) as got:
            house.ids.append(UUID(json.load(got)["run_id"]))
    for n in range(2):
        value = store_upload(house.context, "a.csv", f"a,b\n1,{n}\n".encode(), actor=ADA)
        house.ids.append(submit(house.context, "reads", {"data": value}, actor=ADA).id)


def at_work(house, process):
    """Wait until the host has ended a run and has another going."""

    def seen(wanted):
        # By the name of its host process: in a network namespace of its own it counts processes as we do.
        return any(wanted(r) for r in map(house.run, house.ids) if (r.worker or "").endswith(f":{process.pid}"))

    until(lambda: seen(lambda r: r.status.final))
    until(lambda: seen(lambda r: r.status is Status.RUNNING))


def check(house, hosts, lost):
    """Check that everything ended, the lost host's runs too, and that each host fetched code and files by itself."""
    ended = house.succeed(90)
    assert max(r.attempt for r in ended) > 1
    assert {str(p.pid) for p in hosts.values()} <= {r.worker.rpartition(":")[2] for r in ended}
    assert next(p for name, p in hosts.items() if name != lost).poll() is None
    for name in hosts:
        assert list((house.home / name / "cache" / "versions").iterdir())
    assert list(house.home.glob("*/cache/uploads/*"))
    with house.context.database.read() as conn:
        texts = {r.inputs["data"]["file"]: runs.read_snapshot(conn, r.id)[1] for r in ended if r.app_slug == "reads"}
    assert sorted(doc["summary"]["text"] for doc in texts.values()) == ["a,b\n1,0\n", "a,b\n1,1\n"]


@pytest.mark.slow_faults
def test_a_server_and_two_hosts_share_the_work_and_the_server_and_one_host_are_killed(far_house, fault):
    """The server has a worker of its own, which ends with it and gives its runs back."""
    with installation(far_house, far_house.url, {"one": (), "two": ()}, workers=1) as (server, hosts):
        ask(far_house, server)
        at_work(far_house, hosts["one"])
        family = children(hosts["one"]) + server.family()
        hosts["one"].kill()
        server.process.kill()
        hosts["one"].wait()
        fault(2)
        assert server.process.wait(30) == -signal.SIGKILL
        check(far_house, hosts, "one")
        until(lambda: all(map(gone, family)))


@pytest.mark.slow_faults
@pytest.mark.timeout(300)
def test_a_host_that_drops_off_the_network_is_followed_by_the_other(networks, tmp_path, fault):
    """No packet says so: its connections stand open at the server, and the server's at the host."""
    address, network, prefixes = networks
    cluster = Cluster(tmp_path / "cluster", address, network)
    cluster.start()
    house = House(cluster.url(), tmp_path / "house")
    try:
        spaces = {name: prefix for name, (prefix, _) in prefixes.items()}
        with installation(house, house.url, spaces, workers=0) as (server, hosts):
            ask(house, server)
            at_work(house, hosts["one"])
            prefixes["one"][1]()
            fault()
            check(house, hosts, "one")
            # Cut off for good, it ends, and its models with it.
            family = children(hosts["one"])
            assert hosts["one"].wait(120) == 1
            until(lambda: all(map(gone, family)))
    finally:
        house.close()
        cluster.stop("immediate")
