"""How statuses read on the screen, beside times, durations and sizes, which read the same in print.

Left out: numbers of results, which have their own formats.
"""

from dataclasses import dataclass

from charting import palette
from contract.readable import duration, file_size, relative_time, timestamp
from contract.run import Status

__all__ = ["ENDED_COLORS", "STATUS", "StatusStyle", "duration", "file_size", "relative_time", "timestamp"]


@dataclass(frozen=True, slots=True)
class StatusStyle:
    """A status in words, with an icon and a colour beside them."""

    words: str
    icon: str
    color: str


STATUS = {
    Status.PENDING: StatusStyle("Queued", ":material/schedule:", "gray"),
    Status.RUNNING: StatusStyle("Running", ":material/progress_activity:", "blue"),
    Status.SUCCESS: StatusStyle("Success", ":material/check_circle:", "green"),
    Status.FAILED: StatusStyle("Failed", ":material/error:", "red"),
    Status.CANCELLED: StatusStyle("Cancelled", ":material/cancel:", "orange"),
    Status.TIMED_OUT: StatusStyle("Timed out", ":material/timer_off:", "red"),
}
ENDED_COLORS = (palette.RISE, palette.FALL)  # of successes and of other ends, in charts
