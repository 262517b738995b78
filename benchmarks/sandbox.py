"""The sandbox alone, without queue and database: start, result, cancel, runs per second, memory of a run."""

import contextlib
import os
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks.fixture import quantiles
from engine.sandbox.supervisor import CancelToken, Limits, Progress, Sandbox, SandboxJob

RUNS = 200
PAUSE = 0.05  # s: time in which the next child is forked and prepared
CANCELS = 50
BURST = 1_000
COLD = 5

FIRST_LINE = "import time\nnow = time.monotonic()\ndef run(inputs):\n    return {'now': now}\n"
NOTHING = "def run(inputs):\n    return {'summary': {'n': inputs['n']}}\n"
SLOW = "import os, time\ndef run(inputs):\n    yield {'pid': os.getpid()}\n    time.sleep(60)\n"
YIELDS = "def run(inputs):\n    for n in range(1_000_000):\n        yield {'progress': n / 1e6, 'summary': {'n': n}}\n"
TABLE = (
    "import numpy as np, pandas as pd\ndef run(i):\n    return {'table': pd.DataFrame(np.random.rand(100_000, 6))}\n"
)


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        sandbox = Sandbox(home / "scratch")
        begun = time.perf_counter()
        sandbox.start()
        ready = (time.perf_counter() - begun) * 1000
        print(f"tier {sandbox.tier}; zygote ready with numpy, pandas and scipy: {ready:.0f} ms")

        def run(code, inputs=None, on_event=lambda _event: None, cancel=None, at_end=lambda: None, **limits):
            folder = home / str(abs(hash(code)))
            if not folder.is_dir():
                folder.mkdir()
                (folder / "function.py").write_text(code)
            with contextlib.closing(cancel or CancelToken()) as handle:
                given = Limits(**{"seconds": 60, **limits})
                with sandbox.run(SandboxJob("bench", folder, inputs or {}, 1, given), on_event, handle) as outcome:
                    at_end()
                    return outcome

        memory = []
        for pause, words in ((0.0, "one after the other"), (PAUSE, f"{PAUSE:g} s between them")):
            starts, outcomes, ends = [], [], []
            for n in range(RUNS + 20):
                time.sleep(pause)
                begun = time.monotonic()
                ended_at: list[float] = []
                outcome = run(FIRST_LINE, at_end=lambda ended_at=ended_at: ended_at.append(time.monotonic()))
                if n >= 20:
                    starts.append((outcome.result["now"] - begun) * 1000)
                    outcomes.append((ended_at[0] - begun) * 1000)
                    ends.append((time.monotonic() - begun) * 1000)
                    memory.append(outcome.peak_memory / 1e6)
            print(f"runs {words}:")
            print(f"  run() called -> first line of function.py: {quantiles(starts)}")
            print(f"  run() called -> outcome: {quantiles(outcomes)}")
            print(f"  run() called -> child ended, scratch removed: {quantiles(ends)}")
        print(f"memory of a run on top of the zygote, MB: {sorted(memory)[len(memory) // 2]:.1f}")

        times = []
        for _ in range(CANCELS):
            cancel = CancelToken()
            asked: list[float] = []

            def request_cancel(event, cancel=cancel, asked=asked):
                if event.result:
                    threading.Timer(0.01, lambda: (asked.append(time.monotonic()), cancel.request("cancelled"))).start()

            run(SLOW, on_event=request_cancel, cancel=cancel)
            times.append((time.monotonic() - asked[0]) * 1000)
        print(f"cancel requested -> child reaped, scratch removed: {quantiles(times)}")

        for at_once in (1, 2, 4):
            begun = time.perf_counter()
            with ThreadPoolExecutor(at_once) as threads:
                list(threads.map(lambda n: run(NOTHING, {"n": n}), range(BURST)))
            print(f"{BURST} runs, {at_once} at once: {BURST / (time.perf_counter() - begun):.0f} runs/s")

        events: list[Progress] = []
        begun = time.perf_counter()
        run(YIELDS, on_event=events.append)
        print(f"a million yields: {time.perf_counter() - begun:.1f} s, {len(events)} events")
        begun = time.perf_counter()
        run(TABLE, output_mb=64)
        print(f"a table of 100,000 x 6 through the pipe: {(time.perf_counter() - begun) * 1000:.0f} ms")
        sandbox.close()

    times = []
    for _ in range(COLD):
        begun = time.perf_counter()
        subprocess.run(
            [sys.executable, "-c", "import numpy, pandas, scipy.stats, scipy.optimize"],
            check=True,
            env=dict(os.environ),
        )
        times.append((time.perf_counter() - begun) * 1000)
    print(f"for comparison, a fresh interpreter that imports the same: {quantiles(times)}")


if __name__ == "__main__":
    main()
