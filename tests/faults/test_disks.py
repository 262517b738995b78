"""Disks that are full: the database's where a result is stored, and a worker's scratch."""

import contextlib
import subprocess

import pytest

from contract.run import Status

FILLS = b"def run(inputs):\n    f = open('f', 'wb')\n    while True:\n        f.write(b'x' * 1_000_000)\n        f.flush()\n"
ONE_INPUT = b'{"name": "Fills", "inputs": {"n": {"type": "number", "default": 1}}}'


@contextlib.contextmanager
def refused(house, times):
    """Let the database say `disk full` for so many writes of a result."""
    with house.context.database.begin() as conn:
        conn.exec_driver_sql("create sequence refused")
        conn.exec_driver_sql(
            "create function refuse() returns trigger language plpgsql as $$ begin "
            f"if nextval('refused') <= {times} then raise exception 'no space left on device' using errcode = '53100'; "
            "end if; return new; end $$"
        )
        conn.exec_driver_sql("create trigger refuse before insert on results for each row execute function refuse()")
    yield
    with house.context.database.begin() as conn:
        conn.exec_driver_sql("drop trigger refuse on results")
        conn.exec_driver_sql("drop function refuse()")
        conn.exec_driver_sql("drop sequence refused")


def test_a_disk_that_is_full_when_the_result_is_stored_costs_a_wait(house, fault):
    with refused(house, times=2):
        house.submit(1)
        house.succeed()
        fault(2)


def test_a_disk_that_stays_full_fails_the_run_and_says_why(house, fault):
    with refused(house, times=10_000):
        house.submit(1)
        (run,) = house.settle()
        fault()
    assert run.status is Status.FAILED
    assert run.reason.startswith("The result could not be stored:")
    assert "no space left" in run.reason


def test_scratch_that_is_full_fails_the_run_alone(house, fault):
    house.add("fills", FILLS, ONE_INPUT)
    full, beside = house.submit(model="fills"), house.submit(2, 1)
    fault()
    ended = {r.id: r for r in house.settle()}
    assert ended[beside].status is Status.SUCCESS
    assert ended[full].status is Status.FAILED


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 8 MB of its own."""
    place = tmp_path / "small"
    place.mkdir()
    made = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(place)], check=False, capture_output=True
    )
    if made.returncode:
        pytest.skip("mounting a small file system needs the right to mount")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def test_a_disk_under_scratch_that_is_full_fails_the_run_and_the_next_one_has_room_again(
    empty_house, small_disk, fault
):
    """The run's own limit is above what the disk has: the model meets the disk's end, and says what it met."""
    house = empty_house
    house.add("fills", FILLS, ONE_INPUT)
    house.worker(TONTINE_DATA=str(small_disk))
    full = house.submit(model="fills")
    (run,) = house.settle()
    fault()
    assert (run.id, run.status) == (full, Status.FAILED)
    assert "No space left" in run.reason
    house.submit(2)
    assert house.settle()[-1].status is Status.SUCCESS
