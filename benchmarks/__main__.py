"""Run every benchmark, one after the other: `python -m benchmarks` (`make bench`)."""

import importlib

PARTS = (
    "engine",
    "fairness",
    "sweep",
    "sandbox",
    "overlays",
    "storage",
    "browser",
    "vs_gradio",
    "sessions",
    "loop",
    "idle",
    "defaults",
    "models",
    "portfolio",
)


def main() -> None:
    """Print the figures of each part under its name."""
    for name in PARTS:
        print(f"\n== {name}", flush=True)
        importlib.import_module(f"benchmarks.{name}").main()


if __name__ == "__main__":
    main()
