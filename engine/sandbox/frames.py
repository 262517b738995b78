"""Frames out of a child: four bytes of length, then JSON, on a pipe that the model's code can write to as well.

Chosen: every size is checked before a byte is kept, and what is not a JSON object ends the run.
Left out: what the frames mean.
"""

import os
from collections.abc import Iterator
from typing import Any

import orjson

READ = 1 << 18


class FrameError(Exception):
    """A frame beyond the limit, with its size in bytes, or, with size 0, something that is no frame."""

    def __init__(self, size: int) -> None:
        self.size = size


class Frames:
    """Reads length-prefixed JSON from a pipe that a model may write to as well."""

    def __init__(self, descriptor: int, limit: int) -> None:
        self.descriptor, self.limit = descriptor, limit
        self.buffer = bytearray()
        self.closed = False

    def read(self) -> Iterator[dict[str, Any]]:
        """Yield the frames that have arrived whole; `closed` tells when there will be no more.

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
            try:
                frame = orjson.loads(body)
            except orjson.JSONDecodeError as error:
                raise FrameError(0) from error
            if not isinstance(frame, dict):
                raise FrameError(0)
            yield frame
