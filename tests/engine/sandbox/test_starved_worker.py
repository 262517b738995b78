"""A worker that gets no processor for longer than a child waits for its end: no result is lost by it.

The delay is put where it does harm: between a poll's answer and the supervisor's reading of it.
"""

import select
import time
import types
from concurrent.futures import ThreadPoolExecutor

import pytest

from contract.run import Status
from engine.sandbox import supervisor

DELAY = 0.6  # s, more than the 0.25 s that a child waits to be ended once it has sent its result


class DelayedPoll:
    """A poll whose answer is looked at late; `when` says for which answers."""

    def __init__(self, when):
        self.poller, self.when = select.poll(), when

    def __getattr__(self, name):
        return getattr(self.poller, name)

    def poll(self, timeout):
        answer = self.poller.poll(timeout)
        if self.when(answer):
            time.sleep(DELAY)
        return answer


def delay_polls(monkeypatch, when):
    delayed = types.SimpleNamespace(poll=lambda: DelayedPoll(when), POLLIN=select.POLLIN)
    monkeypatch.setattr(supervisor, "select", delayed)


def test_no_result_is_lost_however_late_each_poll_is_looked_at(run, monkeypatch):
    delay_polls(monkeypatch, lambda _answer: True)
    code = "import time\ndef run(i):\n    time.sleep(i['s'])\n    return {'summary': {'s': i['s']}}\n"
    pauses = [i * 0.1 for i in range(24)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda s: run(code, {"s": s}), pauses))
    assert [(o.status, o.result) for o in found] == [(Status.SUCCESS, {"summary": {"s": s}}) for s in pauses]


def test_a_model_that_ends_within_its_time_has_not_timed_out_when_nobody_looked_until_later(run, monkeypatch):
    delay_polls(monkeypatch, lambda answer: not answer)
    code = "import time\ndef run(i):\n    time.sleep(0.45)\n    return {'summary': {'a': 1}}\n"
    assert run(code, seconds=0.6).result == {"summary": {"a": 1}}


@pytest.mark.parametrize("shown", [True, False])
def test_a_model_that_does_not_end_in_time_is_timed_out_all_the_same(run, monkeypatch, shown):
    delay_polls(monkeypatch, lambda answer: not answer)
    step = "yield {'a': 1}" if shown else "pass"
    code = f"import time\ndef run(i):\n    while True:\n        {step}\n        time.sleep(0.001)\n"
    assert run(code, seconds=0.5).status is Status.TIMED_OUT
