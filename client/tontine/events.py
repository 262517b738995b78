"""A run's server-sent events: lines in, events out.

Chosen: lines that hold no event are reported too, because the server sends one every few seconds while nothing happens,
and a wait with a limit of time looks at the clock then.
Left out: the connection, and connecting again, which the clients do.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from tontine.records import FINAL


@dataclass(frozen=True, slots=True)
class Event:
    """A change of a run. `seq` is its number, `kind` is status, progress or cancel.

    `status`, `progress` (0 to 1), `message` and `log` (lines printed since the event before) are None where the event
    says nothing of them; `data` is everything it says.
    """

    seq: int
    kind: str
    data: Mapping[str, Any]

    @property
    def status(self) -> str | None:
        """The run's new status."""
        found = self.data.get("status")
        return str(found) if found is not None else None

    @property
    def progress(self) -> float | None:
        """How much of the run is done, from 0 to 1."""
        found = self.data.get("progress")
        return float(found) if found is not None else None

    @property
    def message(self) -> str | None:
        """What the model says that it does."""
        found = self.data.get("message")
        return str(found) if found is not None else None

    @property
    def log(self) -> str | None:
        """Lines that the model printed since the event before."""
        found = self.data.get("log")
        return str(found) if found is not None else None

    @property
    def ends(self) -> bool:
        """Whether it is the last event of its run."""
        return self.status in FINAL


class EventDecoder:
    """Puts the lines of a stream together to events."""

    def __init__(self) -> None:
        self._id, self._kind, self._data = "", "message", list[str]()

    def feed(self, line: str) -> Event | None:
        """Take a line without its end; return the event that it completes, if it completes one."""
        if line:
            name, _, value = line.partition(":")
            value = value.removeprefix(" ")
            if name == "id":
                self._id = value
            elif name == "event":
                self._kind = value
            elif name == "data":
                self._data.append(value)
            return None
        data, kind = "\n".join(self._data), self._kind
        self._data, self._kind = [], "message"
        return Event(int(self._id), kind, json.loads(data)) if data else None
