"""Frames may be forged by a model: all of them are checked before the worker uses them."""

import os

import orjson
import pytest

from contract.errors import FrameError
from contract.run import Status
from engine.sandbox import reasons
from engine.sandbox.frames import BURST, Frames, as_count, json_size
from engine.sandbox.job import Limits
from tests.hostile.expectations import EndedRun, matches


@pytest.fixture
def pipe():
    read, write = os.pipe()
    yield Frames(read, 10_000), lambda body: os.write(write, len(body).to_bytes(4, "big") + body)
    os.close(read)
    os.close(write)


def test_frames_arrive_in_order_and_complete(pipe):
    frames, send = pipe
    send(b'{"a": 1}')
    send(b'{"b": 2}')
    assert list(frames.read()) == [{"a": 1}, {"b": 2}]


@pytest.mark.parametrize(
    "body", [b"no JSON", b"[1]", b"5", b'{"a": "\\ud800"}', b'{"a": ' + b"[" * 2_000 + b"]" * 2_000 + b"}"]
)
def test_bytes_that_are_not_a_frame_are_an_error(pipe, body):
    frames, send = pipe
    send(body)
    with pytest.raises(FrameError):
        list(frames.read())


def test_a_frame_beyond_the_limit_is_an_error_before_it_is_read(pipe):
    frames, _ = pipe
    with pytest.raises(FrameError) as caught:
        frames.buffer += (2**32 - 1).to_bytes(4, "big")
        frames.buffer += b"x"
        os.set_blocking(frames.descriptor, False)
        real, frames.descriptor = frames.descriptor, os.open(os.devnull, os.O_RDONLY)
        try:
            list(frames.read())
        finally:
            os.close(frames.descriptor)
            frames.descriptor = real
    assert caught.value.size == 2**32 - 1


def test_more_frames_than_our_sender_sends_are_an_error(pipe):
    frames, send = pipe
    for _ in range(2 * BURST):
        send(b'{"a": 1}')
    with pytest.raises(FrameError):
        list(frames.read())


def test_nul_is_taken_out_of_keys_and_values_and_an_escaped_backslash_is_kept(pipe):
    frames, send = pipe
    send(b'{"a\\u0000": ["x\\u0000y", {"b": "\\\\u0000"}]}')
    assert list(frames.read()) == [{"a\ufffd": ["x\ufffdy", {"b": "\\u0000"}]}]


def test_depth_and_whole_numbers_are_checked():
    assert json_size({"a": 1}) == len(orjson.dumps({"a": 1}))
    deep = []
    for _ in range(400):
        deep = [deep]
    with pytest.raises(FrameError):
        json_size(deep)
    assert [as_count(v) for v in (5, -1, True, "5", 1e300, None, {}, 2**70)] == [5, 0, 0, 0, 0, 0, 0, 0]


def test_a_process_killed_for_its_processor_time_is_not_reported_as_out_of_memory():
    limits = Limits(seconds=10)
    status, reason = reasons.process_exited(-9, started=True, limits=limits, cpu=16)
    assert status is Status.TIMED_OUT
    assert "processor time" in reason
    assert reasons.process_exited(-9, started=True, limits=limits, cpu=1)[0] is Status.FAILED


@pytest.mark.parametrize(
    ("expected", "status", "reason", "shown", "right"),
    [
        ("SUCCEEDED {'y': 2} (control)", "SUCCESS", "", {"y": 2, "z": 1}, True),
        ("SUCCEEDED {'y': 2} (control)", "SUCCESS", "", {"y": 3}, False),
        ("denied", "SUCCESS", "", {"contained": True}, True),
        ("denied", "SUCCESS", "", {"contained": False}, False),
        ("denied", "SUCCESS", "", {}, False),
        ("denied, or FAILED: memory limit (as root too)", "FAILED", "more than 512 MB, its memory limit", {}, True),
        ("FAILED: timeout or FAILED: cpu limit", "TIMED_OUT", "still running after 6 s, its time limit.", {}, True),
        ("FAILED: timeout", "FAILED", "The model crashed (SIGSEGV)", {}, False),
        ("FAILED: crashed (SIGSEGV)", "FAILED", "The model crashed (SIGABRT)", {}, False),
        ("FAILED; no matter how", "FAILED", "any", {}, True),
        ("FAILED", "SUCCESS", "", {}, False),
        ("FAILED, or only its own result changed", "SUCCESS", "", {}, True),
    ],
)
def test_an_expect_file_is_read_as_it_is_meant(expected, status, reason, shown, right):
    assert matches(expected, EndedRun(Status(status), reason, shown)) is right
