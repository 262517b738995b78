"""Two worker hosts and a database reached by TCP: nothing is shared but DATABASE_URL, and one host is killed.

Where this is root on Linux with iproute2 each host is a network namespace behind a pair of virtual cards; elsewhere it is
a root folder of its own.
"""

import os
import secrets
import shutil
import signal
import subprocess

import psutil
import pytest

from contract.run import Status
from engine.register import register
from engine.submit import submit
from engine.uploads import keep
from tests.faults.conftest import Cluster, House, until


def ip(*arguments, check=True):
    return subprocess.run(["ip", *arguments], check=check, capture_output=True, text=True).returncode == 0


def can_have_networks():
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"tontine-{secrets.token_hex(3)}"
    made = ip("netns", "add", name, check=False)
    if made:
        ip("netns", "delete", name)
    return made


@pytest.fixture
def hosts(tmp_path):
    """A house whose database listens on a bridge, and the command prefix of each of two hosts."""
    if not can_have_networks():
        cluster = Cluster(tmp_path / "cluster")
        cluster.start()
        house = House(cluster.url, tmp_path)
        yield house, {"one": (), "two": ()}
        house.close()
        cluster.stop("immediate")
        return
    tag = secrets.token_hex(2)
    bridge, net = f"tb{tag}", f"10.{secrets.randbelow(100) + 100}.{secrets.randbelow(250)}"
    prefixes = {}
    house = cluster = None
    try:
        ip("link", "add", bridge, "type", "bridge")
        ip("addr", "add", f"{net}.1/24", "dev", bridge)
        ip("link", "set", bridge, "up")
        for i, name in enumerate(("one", "two")):
            space, outer, inner = f"tontine-{tag}-{name}", f"to{tag}{i}", f"ti{tag}{i}"
            ip("netns", "add", space)
            prefixes[name] = ("ip", "netns", "exec", space)
            ip("link", "add", outer, "type", "veth", "peer", "name", inner)
            ip("link", "set", inner, "netns", space)
            ip("link", "set", outer, "master", bridge)
            ip("link", "set", outer, "up")
            ip("-n", space, "addr", "add", f"{net}.{i + 2}/24", "dev", inner)
            ip("-n", space, "link", "set", inner, "up")
        cluster = Cluster(tmp_path / "cluster", f"{net}.1", f"{net}.0/24")
        cluster.start()
        house = House(cluster.url, tmp_path)
        yield house, prefixes
    finally:
        if house is not None:
            house.close()
        if cluster is not None:
            cluster.stop("immediate")
        for prefix in prefixes.values():
            ip("netns", "delete", prefix[3], check=False)
        ip("link", "delete", bridge, check=False)


def test_two_hosts_share_the_work_and_one_may_be_killed(hosts, fault):
    house, prefixes = hosts
    code = b"def run(inputs):\n    return {'summary': {'text': open(inputs['data']).read(), 'n': 0, 'twice': 0}}\n"
    manifest = b'{"name": "Reads", "inputs": {"n": {"type": "integer", "default": 0}, "data": {"type": "file", "accept": [".csv"]}}}'
    register(
        house.desk, "reads", {"manifest.json": manifest, "function.py": code}, source={"kind": "local", "path": "r"}
    )
    value = keep(house.desk, "a.csv", b"a,b\n1,2\n")
    one = house.worker("one", prefix=prefixes["one"])
    two = house.worker("two", prefix=prefixes["two"])
    ids = [house.submit(n, 1.0) for n in range(20)]
    ids.append(submit(house.desk, "reads", {"data": value}, user="ada").id)
    house.ids.append(ids[-1])
    first = f":{one.pid}"
    until(lambda: any(r.status.final and r.worker.endswith(first) for r in map(house.run, ids)))
    until(lambda: any(r.status is Status.RUNNING and r.worker.endswith(first) for r in map(house.run, ids)))
    family = psutil.Process(one.pid).children(recursive=True)
    one.send_signal(signal.SIGKILL)
    one.wait()
    fault()
    until(lambda: not [p for p in family if p.is_running() and p.status() != psutil.STATUS_ZOMBIE], 10)
    ended = house.settle(90)
    assert {r.status for r in ended} == {Status.SUCCESS}
    assert max(r.attempt for r in ended) == 2
    assert two.poll() is None
    assert len({r.worker for r in ended}) == 2
    # Each host has fetched model code and the uploaded file by itself: their folders are apart.
    assert (house.home / "two" / "cache" / "versions").is_dir()
