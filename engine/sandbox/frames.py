"""Frames out of a child: four bytes of length, then JSON, on a pipe that the model's code can write to as well.

Chosen: every size is checked before a byte is kept; what is not a JSON object, is nested beyond what can be stored,
or comes far more often than our own sender sends, ends the run; text is made safe for the database here as well,
because frames may be forged.
Left out: what the frames mean.
"""

import os
import time
from collections.abc import Iterator
from typing import Any

import orjson

from contract.errors import FrameError

READ = 1 << 18
BURST = 200  # frames at once, and a second on average: our own sender sends about ten a second


class Frames:
    """Reads length-prefixed JSON from a pipe that a model may write to as well."""

    def __init__(self, descriptor: int, limit: int, expected: int = 0) -> None:
        self.descriptor, self.limit, self.burst = descriptor, limit, BURST + expected
        self.buffer = bytearray()
        self.closed = False
        self.count = 0
        self.created_at = time.monotonic()

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield the frames that have arrived whole; `closed` says when there will be no more.

        Raises:
            FrameError: something else than frames arrived, or one beyond the limit.
        """
        content = os.read(self.descriptor, READ)
        self.closed = not content
        self.buffer += content
        while len(self.buffer) >= 4:
            size = int.from_bytes(self.buffer[:4], "big")
            if size > self.limit:
                raise FrameError(size)
            if len(self.buffer) < 4 + size:
                return
            body = bytes(self.buffer[4 : 4 + size])
            del self.buffer[: 4 + size]
            self.count += 1
            if self.count > self.burst + BURST * (time.monotonic() - self.created_at):
                raise FrameError(0)
            yield _parse_frame(body)


def json_size(value: Any) -> int:
    """Return the bytes of a value as JSON.

    Raises:
        FrameError: it is nested more deeply than can be stored.
    """
    try:
        return len(orjson.dumps(value))
    except TypeError as error:
        raise FrameError(0) from error


def as_count(value: Any) -> int:
    """Return a whole number that a frame names, 0 where it names none."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62 else 0


def _parse_frame(body: bytes) -> dict[str, Any]:
    try:
        frame = orjson.loads(body)
        if b"\\u0000" in body:
            frame = _storable(frame)
    except (orjson.JSONDecodeError, RecursionError) as error:
        raise FrameError(0) from error
    if not isinstance(frame, dict):
        raise FrameError(0)
    return frame


def _storable(value: Any) -> Any:
    """Return the value without NUL, which is JSON and which PostgreSQL refuses."""
    if isinstance(value, str):
        return value.replace("\0", "\ufffd")
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    return value
