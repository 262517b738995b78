"""A process that reads commands and answers each with one number, one per line."""

import contextlib
import os
import select
import subprocess
from collections.abc import Iterator

from benchmarks.fixture import ROOT

ANSWER_TIMEOUT = 120.0  # s


class LineProcess:
    """A running process that answers each line it is sent."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def ask(self, *words: object) -> float:
        """Send a line and return the number answered."""
        assert self.process.stdin is not None
        print(*words, file=self.process.stdin, flush=True)
        return self.answer()

    def answer(self) -> float:
        """Return the next number it prints.

        Raises:
            RuntimeError: it has ended, or prints nothing for too long.
        """
        assert self.process.stdout is not None
        ready = select.select([self.process.stdout], [], [], ANSWER_TIMEOUT)[0]
        line = self.process.stdout.readline() if ready else ""
        if not line:
            raise RuntimeError(f"No answer from {self.process.args!r}.")
        return float(line)


@contextlib.contextmanager
def line_process(*command: str, **environment: str) -> Iterator[LineProcess]:
    """Run a command that answers lines, with `environment` added to our own, until the block ends."""
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,  # Ctrl-C reaches only this process, which ends it
    ) as process:
        try:
            yield LineProcess(process)
        finally:
            process.kill()
