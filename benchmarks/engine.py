"""From submit to a stored result that a listener sees, and how many runs per second are sustained."""

import time

from benchmarks.fixture import embedded_installation, quantiles, sustained
from contract.actor import SYSTEM, Actor
from contract.run import Status
from engine.runs.cancel import cancel
from engine.runs.follow import snapshot, wait_for_end
from engine.runs.submit import submit

RUNS = 200
BURST = 600


def main() -> None:
    """Print the figures."""
    with embedded_installation(count=1) as context:
        times, parts = [], []
        for n in range(RUNS + 20):
            begun = time.perf_counter()
            run = submit(context, "nothing", {"n": n}, actor=Actor("bench"), fresh=True)
            accepted = time.perf_counter()
            seen = run.seq
            while True:
                context.listener.wait(run.id, seen, 5)
                now = snapshot(context, run.id, actor=SYSTEM)
                seen = now.run.seq
                if now.final:
                    break
            ended = time.perf_counter()
            assert now.run.status is Status.SUCCESS
            if n >= 20:
                times.append((ended - begun) * 1000)
                parts.append((accepted - begun) * 1000)
        print(f"submit -> result seen by a listener, idle, one worker: {quantiles(times)}")
        print(f"  of which submit: {quantiles(parts)}")
        times = []
        slow = b"import time\ndef run(inputs):\n    yield {'progress': 0.1}\n    time.sleep(30)\n"
        from benchmarks.fixture import NOOP
        from engine.models.register import register

        register(context, "slow", {**NOOP, "function.py": slow}, source={"kind": "local", "path": "slow"}, actor=SYSTEM)
        for n in range(20):
            run = submit(context, "slow", {"n": n}, actor=Actor("bench"), fresh=True)
            while snapshot(context, run.id, actor=SYSTEM).run.progress is None:
                time.sleep(0.01)
            begun = time.perf_counter()
            cancel(context, run.id, actor=SYSTEM)
            wait_for_end(context, run.id, 10, actor=SYSTEM)
            times.append((time.perf_counter() - begun) * 1000)
        print(f"cancel requested -> CANCELLED seen: {quantiles(times)}")
    for count, at_once in ((1, 2), (2, 2), (2, 4)):
        with embedded_installation(count=count, runs_at_once=at_once) as context:
            done, accepted = sustained(context, BURST)
            print(f"{BURST} runs, {count} workers x {at_once}: {done:.0f} runs/s (submitted at {accepted:.0f}/s)")


if __name__ == "__main__":
    main()
