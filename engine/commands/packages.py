"""See and remove the packages that models have on this host: `python -m engine.commands.packages`.

Chosen: what is shown are the folders of this host, with the models that may run with each; what is removed is installed
again when a run needs it.
Left out: installing, which a run does.
"""

import argparse
import json
import sys
from collections.abc import Sequence

import settings as settings_module
from contract.actor import Actor
from engine.commands.installation import exit_code, open_database, operator_name, overlays_from
from engine.models.packages import OverlayUse, list_overlays, remove_unused
from settings import Settings

SHOWN = 70  # characters of the packages and of the models in a line


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """List, or remove what no model needs; return 1 where it cannot be done."""
    parser = argparse.ArgumentParser(
        prog="python -m engine.commands.packages", description="See and remove the packages of models on this host."
    )
    parser.add_argument("--remove-unused", action="store_true", help="remove what no model that takes runs needs")
    parser.add_argument("--json", action="store_true", help="print each line as JSON")
    given = parser.parse_args(arguments)

    def run() -> int:
        read = settings or settings_module.read_settings()
        overlays, actor = overlays_from(read), Actor(operator_name())
        with open_database(read) as database:
            if given.remove_unused:
                for removed in remove_unused(overlays, database, actor=actor):
                    print(f"removed: {', '.join(removed.packages)} ({removed.bytes / 1e6:,.1f} MB)")
            _print(list_overlays(overlays, database, actor=actor), as_json=given.json)
        return 0

    return exit_code(run)


def _print(found: Sequence[OverlayUse], *, as_json: bool) -> None:
    for use in found:
        overlay = use.overlay
        if as_json:
            about = {
                "hash": overlay.hash,
                "python": overlay.python,
                "packages": list(overlay.packages),
                "bytes": overlay.bytes,
                "built_at": overlay.built_at.isoformat(),
                "used_at": overlay.used_at.isoformat(),
                "in_use": overlay.in_use,
                "models": list(use.models),
            }
            print(json.dumps(about))
            continue
        last = "in use" if overlay.in_use else f"last used {overlay.used_at:%Y-%m-%d %H:%M} UTC"
        print(f"{overlay.hash[:12]}  {overlay.bytes / 1e6:9,.1f} MB  Python {overlay.python}  {last}")
        print(f"  packages: {_shorten(', '.join(overlay.packages))}")
        print(f"  models:   {_shorten(', '.join(use.models)) or 'none'}")
    if not as_json:
        total = sum(use.overlay.bytes for use in found)
        print(f"{len(found)} overlay{'' if len(found) == 1 else 's'}, {total / 1e6:,.1f} MB")


def _shorten(text: str) -> str:
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}..."


if __name__ == "__main__":
    sys.exit(main())
