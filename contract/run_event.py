"""An event of a run: a change of its status, or what it has said of its progress.

Left out: results, which are read with the run.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One event, `seq` counting from 0 in each run. `kind` is status, progress or cancel.

    `data` holds `status`, or `progress` from 0 to 1, `message` and `log`, the lines printed since the event before.
    """

    seq: int
    kind: str
    at: datetime
    data: Mapping[str, Any] = field(default_factory=dict)
