"""Disks that are full: the database's where a result is stored, and a worker's scratch."""

import contextlib
import subprocess

import pytest

from contract.run import Status

FILLS = b"def run(inputs):\n    f = open('f', 'wb')\n    while True:\n        f.write(b'x' * 1_000_000)\n        f.flush()\n"
ONE_INPUT = b'{"name": "Fills", "inputs": {"n": {"type": "number", "default": 1}}}'


@contextlib.contextmanager
def disk_full(installation, times):
    """Make the database raise `disk full` for the first `times` inserts of a result."""
    with installation.context.database.begin() as conn:
        conn.exec_driver_sql("create sequence refused")
        conn.exec_driver_sql(
            "create function refuse() returns trigger language plpgsql as $$ begin "
            f"if nextval('refused') <= {times} then raise exception 'no space left on device' using errcode = '53100'; "
            "end if; return new; end $$"
        )
        conn.exec_driver_sql("create trigger refuse before insert on results for each row execute function refuse()")
    yield
    with installation.context.database.begin() as conn:
        conn.exec_driver_sql("drop trigger refuse on results")
        conn.exec_driver_sql("drop function refuse()")
        conn.exec_driver_sql("drop sequence refused")


def test_a_disk_that_is_full_when_the_result_is_stored_only_delays_the_run(installation, count_fault):
    with disk_full(installation, times=2):
        installation.submit(1)
        installation.expect_success()
        count_fault(2)


def test_a_disk_that_stays_full_fails_the_run_with_that_reason(installation, count_fault):
    with disk_full(installation, times=10_000):
        installation.submit(1)
        (run,) = installation.wait_for_all()
        count_fault()
    assert run.status is Status.FAILED
    assert run.reason.startswith("The result could not be stored:")
    assert "no space left" in run.reason


def test_scratch_that_is_full_fails_the_run_alone(installation, count_fault):
    installation.add("fills", FILLS, ONE_INPUT)
    full, beside = installation.submit(model="fills"), installation.submit(2, 1)
    count_fault()
    ended = {r.id: r for r in installation.wait_for_all()}
    assert ended[beside].status is Status.SUCCESS
    assert ended[full].status is Status.FAILED


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MB of its own."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)], check=False, capture_output=True
    )
    if mounted.returncode:
        pytest.skip("mounting a file system is not permitted here")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_disk_under_scratch_that_is_full_fails_the_run_and_the_next_one_has_room_again(
    empty_installation, small_disk, count_fault
):
    """The run's limit is larger than the disk, so the model gets the error of the full disk, which is the reason."""
    installation = empty_installation
    installation.add("fills", FILLS, ONE_INPUT)
    installation.start_worker(TONTINE_DATA=str(small_disk))
    full = installation.submit(model="fills")
    (run,) = installation.wait_for_all()
    count_fault()
    assert (run.id, run.status) == (full, Status.FAILED)
    assert "No space left" in run.reason
    installation.submit(2)
    assert installation.wait_for_all()[-1].status is Status.SUCCESS
