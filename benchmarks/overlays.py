"""A model with packages of its own beside one without, in turn: resolved, installed, and started cold and warm.

The package is made here and served on this machine, so that the network is not what is measured: a hundred modules with
functions and classes, as large libraries have.
"""

import contextlib
import tempfile
import time
from pathlib import Path

from benchmarks.fixture import quantiles
from engine.sandbox.supervisor import CancelToken, Limits, Sandbox, SandboxJob
from registry.overlays import OverlayStore
from registry.package_index import PackageIndex
from tests.registry.package_index import serve_index

ROUNDS = 40
MODULES = 100
MODULE = "import dataclasses, re\n" + "".join(
    f"class C{i}:\n    a = {i}\n\n    def b(self, x):\n        return x + self.a\n\n\n"
    f"def f{i}(x):\n    return x + {i}\n\n\n"
    for i in range(20)
)
PLAIN = "import time\nnow = time.monotonic()\ndef run(inputs):\n    return {'now': now}\n"
OWN = f"import large\n{PLAIN}"


def main() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name, serve_index() as index:
        home = Path(name)
        files = {f"large/part{i}.py": MODULE for i in range(MODULES)}
        files["large/__init__.py"] = "".join(f"from large import part{i}\n" for i in range(MODULES))
        index.add("large", "1.0", files)
        store = OverlayStore(home / "overlays", PackageIndex((index.url,)))
        begun = time.perf_counter()
        lock = store.resolve(["large"])
        print(f"resolved: {(time.perf_counter() - begun) * 1000:.0f} ms")
        assert lock is not None
        for words in ("fetched, checked, compiled and installed", "installed again after it was removed", "there"):
            begun = time.perf_counter()
            with store.use(lock):
                print(f"overlay {words}: {(time.perf_counter() - begun) * 1000:.0f} ms")
            if words.startswith("fetched"):
                store.remove(lock.hash)
        with store.use(lock) as overlay, contextlib.closing(Sandbox(home / "scratch")) as sandbox:
            _compare(sandbox, home, overlay)


def _compare(sandbox: Sandbox, home: Path, overlay: Path) -> None:
    folders = {}
    for name, code in (("plain", PLAIN), ("own", OWN)):
        folders[name] = home / name
        folders[name].mkdir()
        (folders[name] / "function.py").write_text(code)

    def start(name: str) -> float:
        """Return the milliseconds from the call to the line of function.py after its imports."""
        job = SandboxJob("bench", folders[name], {}, 1, Limits(), overlay=overlay if name == "own" else None)
        with contextlib.closing(CancelToken()) as cancel:
            begun = time.monotonic()
            with sandbox.run(job, lambda _event: None, cancel) as outcome:
                assert outcome.result is not None, outcome.reason
                return (float(outcome.result["now"]) - begun) * 1000

    sandbox.start()
    start("plain")
    found: dict[str, list[float]] = {"without": [], "cold": [], "warm": []}
    for _ in range(ROUNDS):
        sandbox.prepared.forget(folders["own"])
        found["without"].append(start("plain"))
        found["cold"].append(start("own"))
        while not sandbox.prepared.count():  # the child for the next run is loading the package
            time.sleep(0.01)
        found["warm"].append(start("own"))
    middle = {}
    for kind, times in found.items():
        middle[kind] = sorted(times)[len(times) // 2]
        print(f"run() called -> line after the imports, {kind}: {quantiles(times)}")
    for kind in ("cold", "warm"):
        print(f"  {kind} to without: {middle[kind] / middle['without']:.2f}")
    begun = time.perf_counter()
    for _ in range(ROUNDS):
        start("own")
    print(f"one after the other, own packages: {ROUNDS / (time.perf_counter() - begun):.0f} runs/s")


if __name__ == "__main__":
    main()
