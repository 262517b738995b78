"""Hostile models: contained in the sandbox, as root and as an ordinary user, in every tier, and through the engine."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from contract.errors import SandboxLostError
from contract.run import Status
from engine.sandbox.supervisor import CancelToken, Limits, Sandbox, SandboxJob
from engine.sandbox.tiers import Tier, probe
from tests.hostile import harness
from tests.hostile.conftest import SECRET
from tests.hostile.drive import run_one
from tests.hostile.expectations import EndedRun, matches

ROOT = Path(__file__).resolve().parents[2]
OWN = ROOT / "tests" / "hostile" / "models"
SHARED = ROOT.parent / "shared" / "hostile"
FOLDERS = [*harness.model_folders(OWN), *(harness.model_folders(SHARED) if SHARED.is_dir() else [])]
NOBODY = 65_534

confined = pytest.mark.skipif(probe() not in {Tier.A, Tier.B}, reason="this host has no Landlock and is not root")
as_root = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")


@pytest.fixture(scope="module")
def handle(targets):
    home, _ = targets
    made = Sandbox(home / "scratch")
    made.start()
    yield made
    made.close()
    assert not list((home / "scratch").glob("run-*"))


def check_outcome(found, folder):
    expected = (folder / "EXPECT").read_text()
    assert SECRET not in json.dumps(found["shown"]), found
    assert matches(expected, EndedRun(Status(found["status"]), found["reason"], found["shown"])), (expected, found)
    if found["status"] != "SUCCESS":
        assert found["reason"]


@confined
@pytest.mark.parametrize("folder", FOLDERS, ids=lambda f: f"{f.parent.name}-{f.name}")
def test_a_hostile_model_ends_as_expected_and_leaves_nothing(folder, handle, targets):
    home, inputs = targets
    zygote = psutil.Process(handle.zygotes.get("numpy").process.pid)
    limits = Limits(seconds=3 if "timeout" in (folder / "EXPECT").read_text() else 15, memory_mb=400)
    check_outcome(run_one(handle, folder, inputs, limits), folder)
    assert not list((home / "scratch").glob("run-*"))
    until = time.monotonic() + 5
    while len(zygote.children(recursive=True)) > harness.SPARE_CHILDREN and time.monotonic() < until:
        time.sleep(0.02)
    assert len(zygote.children(recursive=True)) <= harness.SPARE_CHILDREN
    assert handle.zygotes.get("numpy").process.pid == zygote.pid


@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of shared hostile models is not here")
def test_two_runs_without_a_seed_of_the_same_number_differ(handle):
    found = []
    for seed in (1, 2, 1):
        job = SandboxJob("rng", SHARED / "shared_rng", {}, seed, Limits())
        with contextlib.closing(CancelToken()) as cancel, handle.run(job, lambda _event: None, cancel) as outcome:
            found.append(outcome.result)
    assert found[0] != found[1]
    assert (found[0]["py"], found[0]["np"]) == (found[2]["py"], found[2]["np"])


# Attacks that may run without confinement: they read, connect and write beside a canary, and end by themselves. Not
# write_outside: as root it would leave files in /etc and in the libraries.
HARMLESS = ["write_beside", "read_secrets", "fork_bomb", "tcp_loopback", "dns_udp", "other_models", "unix_sockets"]


@pytest.mark.parametrize("name", HARMLESS)
def test_without_confinement_the_attack_works(name, targets, tmp_path):
    folder = next((f for f in FOLDERS if f.name == name), None)
    if folder is None:
        pytest.skip("the folder of shared hostile models is not here")
    plain = ROOT / "tests" / "hostile" / "plain.py"
    command = [sys.executable, str(plain), str(folder), json.dumps(targets[1])]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=tmp_path, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["contained"] is False
    assert any(v.startswith("LEAKED") for v in found["steps"].values())


QUICK = [f for f in FOLDERS if not any(w in (f / "EXPECT").read_text() for w in ("timeout", "log limit"))]


@as_root
@pytest.mark.skipif(shutil.which("setpriv") is None, reason="setpriv is not installed")
@pytest.mark.skipif(probe() is not Tier.A, reason="an ordinary user is confined by Landlock, which is not here")
def test_a_worker_of_an_ordinary_user_contains_them_as_one_of_root_does(targets, interpreter):
    home, inputs = targets
    scratch = home / "ordinary"
    scratch.mkdir(mode=0o700)
    os.chown(scratch, NOBODY, NOBODY)
    found = run_as_process("-", scratch, inputs, QUICK, user=NOBODY, interpreter=interpreter)
    assert len(found) == len(QUICK)
    for folder in QUICK:
        check_outcome(found[folder.name], folder)
    assert not list(scratch.glob("run-*"))


@pytest.fixture(scope="module")
def interpreter(targets):
    """An interpreter that every user can reach: ours, or the system's of the same version with our libraries."""
    ours = Path(sys.base_prefix).resolve()
    if all(path.stat().st_mode & 0o001 for path in (ours, *ours.parents)):
        return sys.executable
    system = shutil.which("python{}.{}".format(*sys.version_info[:2]), path="/usr/bin:/usr/local/bin")
    if system is None:
        pytest.skip("Python lies in a folder that other users cannot enter, and the system has none of this version")
    folder = targets[0] / "python"
    subprocess.run([system, "-m", "venv", "--without-pip", folder], check=True)
    libraries = next(folder.glob("lib/python*/site-packages"))
    (libraries / "ours.pth").write_text(str(next(Path(sys.prefix).glob("lib/python*/site-packages"))))
    return str(folder / "bin" / "python")


def run_as_process(tier, scratch, inputs, folders, user=None, interpreter=sys.executable):
    """Run the folders in a process of its own, as `user`, and return how each ended by name."""
    command = [interpreter, "-m", "tests.hostile.drive", tier, str(scratch), json.dumps(inputs), *map(str, folders)]
    if user is not None:
        command = ["setpriv", f"--reuid={user}", f"--regid={user}", "--clear-groups", *command]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=110, cwd=ROOT, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    return {f["name"]: f for f in map(json.loads, done.stdout.splitlines())}


def write_model(home, name, code):
    folder = home / "written" / name
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "function.py").write_text(code)
    return folder


@pytest.mark.parametrize("tier", ["A", "B", "C", "D"])
def test_each_tier_starts_and_runs_a_model(tier, targets, interpreter):
    home, inputs = targets
    if (tier == "A" and probe() is not Tier.A) or (tier == "B" and os.geteuid() != 0):
        pytest.skip(f"this host cannot confine by tier {tier}")
    code = (
        "import numpy\nfrom actuarial.standard_formula import aggregate\ndef run(i):\n    open('f', 'w').close()\n"
        "    return {'summary': {'a': aggregate([1.2, 1.6], numpy.eye(2))[0]}}\n"
    )
    found = run_as_process(
        tier, home / f"tier-{tier}", inputs, [write_model(home, f"plain-{tier}", code)], interpreter=interpreter
    )
    assert found[f"plain-{tier}"]["shown"] == {"summary": {"a": 2.0}}, found


@pytest.mark.parametrize("tier", ["B", "C"])
def test_without_landlock_network_processes_and_signals_are_still_denied(tier, targets, interpreter):
    home, inputs = targets
    if os.geteuid() != 0 and tier == "B":
        pytest.skip("another user needs root")
    names = {"tcp_loopback", "dns_udp", "exec_shell", "fork_bomb", "raw_calls", "signal_others", "unix_sockets"}
    folders = [f for f in FOLDERS if f.name in names]
    found = run_as_process(tier, home / f"closed-{tier}", inputs, folders, interpreter=interpreter)
    for folder in folders:
        leaks = [f"{k}: {v}" for k, v in found[folder.name]["shown"]["steps"].items() if v.startswith("LEAKED")]
        assert not leaks


@as_root
def test_in_tier_b_a_model_cannot_change_the_shared_library(targets, interpreter):
    home, inputs = targets
    found = run_as_process("B", home / "library-B", inputs, [OWN / "change_library"], interpreter=interpreter)
    assert found["change_library"]["shown"]["contained"] is True, found


@as_root
def test_in_tier_b_each_run_has_a_user_id_of_its_own_and_cannot_read_secrets(targets, interpreter):
    home, _ = targets
    (home / "private").mkdir(mode=0o700, exist_ok=True)
    (home / "private" / "key").write_text(SECRET)
    own = write_model(
        home, "own", "import os\ndef run(i):\n    return {'summary': {'uid': os.getuid(), 'gid': os.getgid()}}\n"
    )
    other = write_model(home, "other", "def run(i):\n    return {'summary': {'uid': __import__('os').getuid()}}\n")
    code = "def run(i):\n    open(i['canaries'][0])\n    return {}\n"
    reader = write_model(home, "reader", code)
    inputs = {"canaries": [str(home / "private" / "key")]}
    found = run_as_process("B", home / "tier-b-users", inputs, [own, other, reader], interpreter=interpreter)
    users = {found[n]["shown"]["summary"]["uid"] for n in ("own", "other")}
    assert len(users) == 2
    assert 0 not in users
    assert "PermissionError" in found["reader"]["reason"]


@pytest.mark.parametrize("tier", ["A", "B", "C", "D"])
def test_a_child_ends_with_its_zygote(tier, targets):
    home, _ = targets
    if (tier == "A" and probe() is not Tier.A) or (tier == "B" and os.geteuid() != 0):
        pytest.skip(f"this host cannot confine by tier {tier}")
    handle = Sandbox(home / f"dying-{tier}", tier=tier)
    handle.start()
    folder = write_model(home, "sleeper", "import time\ndef run(i):\n    yield {'progress': 0.1}\n    time.sleep(60)\n")
    started, lost = threading.Event(), []

    def go():
        try:
            with (
                contextlib.closing(CancelToken()) as cancel,
                handle.run(SandboxJob("sleeper", folder, {}, 1), lambda _event: started.set(), cancel),
            ):
                pass
        except SandboxLostError as error:
            lost.append(error)

    thread = threading.Thread(target=go)
    thread.start()
    assert started.wait(20)
    zygote = psutil.Process(handle.zygotes.get("numpy").process.pid)
    children = zygote.children()
    zygote.kill()
    _, alive = psutil.wait_procs(children, timeout=10)
    thread.join(20)
    handle.close()
    assert lost
    assert not [p for p in alive if p.status() != psutil.STATUS_ZOMBIE]


@confined
@pytest.mark.timeout(300)
@pytest.mark.skipif(not SHARED.is_dir(), reason="the folder of shared hostile models is not here")
def test_through_the_real_engine_every_shared_model_is_contained(capsys):
    assert harness.main([str(SHARED)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(harness.model_folders(SHARED)) + 1
    assert lines[-1].endswith(" 0 not contained")


@pytest.mark.timeout(200)
def test_the_harness_reports_which_model_is_not_contained(tmp_path, capsys):
    manifest = json.dumps({"name": "Probe", "inputs": {"n": {"type": "number", "default": 1}}})
    for name, code, expected in (
        ("admits", "def run(i):\n    return {'contained': False, 'steps': {'a': 'LEAKED x'}}\n", None),
        ("fails", "def run(i):\n    raise OSError\n", "SUCCEEDED (control)"),
        ("does_not_fail", "def run(i):\n    return {'summary': {'a': 1}}\n", "FAILED: memory limit"),
        ("is_right", "def run(i):\n    return {'summary': {'a': 1}}\n", "SUCCEEDED {'a': 1} (control)"),
        ("broken", "def run(:\n", None),
    ):
        folder = tmp_path / "models" / name
        folder.mkdir(parents=True)
        (folder / "function.py").write_text(code)
        (folder / "manifest.json").write_text(manifest)
        if expected:
            (folder / "EXPECT").write_text(expected)
    assert harness.main([str(tmp_path / "models"), "--seconds", "5"]) == 1
    printed = capsys.readouterr().out.splitlines()
    names = ("admits", "fails", "does_not_fail", "is_right", "broken")
    lines = {name: next(x for x in printed if f"  {name} " in x) for name in names}
    assert lines["admits"].startswith("NOT CONTAINED")
    assert "it reports a leak: a" in lines["admits"]
    assert lines["fails"].startswith("NOT CONTAINED")
    assert lines["does_not_fail"].startswith("NOT CONTAINED")
    assert lines["is_right"].startswith("contained")
    assert "REFUSED" in lines["broken"]


def test_a_folder_without_models_is_reported(tmp_path, capsys):
    assert harness.main([str(tmp_path)]) == 2
    assert "no model folder" in capsys.readouterr().err
