"""Start one worker: `python worker.py` on any host that reaches the database.

It needs DATABASE_URL and nothing else; models and uploaded files come to it through the database. Beside the server
`make run` starts workers by itself.
"""

import argparse
import logging
import os
import signal
import sys
import threading
from types import FrameType

import settings as settings_module
from engine.commands.installation import cipher_from, limits_from
from engine.observability import telemetry
from engine.observability.logs import configure
from engine.processes.worker import Worker
from settings import SettingsError


def main() -> int:
    """Run a worker until it is told to stop."""
    parser = argparse.ArgumentParser(description="Start one Tontine worker.")
    parser.add_argument("--lifeline", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    try:
        settings = settings_module.read_settings()
        secrets = settings_module.secrets()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return 2
    if not settings.database_url:
        print("DATABASE_URL: it is empty. Name the PostgreSQL server that this installation uses.", file=sys.stderr)
        return 2
    configure(settings.log_level, settings.log_format)
    if arguments.lifeline is None:  # otherwise the server that started it has said so
        for warning in settings_module.renamed():
            logging.getLogger(__name__).warning(warning)
    telemetry.start(settings.telemetry, service="tontine-worker")
    worker = Worker(
        settings.database_url,
        limits=limits_from(settings),
        data=settings.data,
        runs_at_once=settings.worker_slots,
        loop_block_ms=settings.loop_block_ms,
        batch_runs=settings.worker_batch_slots,
        secrets=secrets,
        trust_models=settings.trust_models,
        cipher=cipher_from(settings),
    )

    def stop(_signal: int, _frame: FrameType | None) -> None:
        worker.stop()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    if arguments.lifeline is not None:
        threading.Thread(target=_watch, args=(arguments.lifeline, worker), daemon=True).start()
    try:
        worker.run()
    except Exception:
        logging.getLogger(__name__).exception("the worker cannot go on")
        return 1
    finally:
        telemetry.stop()
    return 0


def _watch(lifeline: int, worker: Worker) -> None:
    """End with the server: its end of the pipe closes when it does, even by kill -9."""
    os.read(lifeline, 1)
    worker.stop()


if __name__ == "__main__":
    sys.exit(main())
