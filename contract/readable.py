"""Times, durations and sizes in words an analyst uses, on the screen and in print.

Chosen: times with their zone, because runs are shared across offices.
Left out: numbers of results, which have their own formats (`charting.number_formats`).
"""

from datetime import UTC, datetime, tzinfo


def duration(seconds: float | None, *, live: bool = False) -> str:
    """Return a duration in seconds as text: `4 ms`, `1.25 s`, `3 min 5 s`, `2 h 10 min`."""
    if seconds is None:
        return "–"
    if live:
        seconds = max(0.0, seconds)
        if seconds < 60:
            return f"{int(seconds)} s"
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.2f} s"
    if seconds < 3600:
        return f"{int(seconds // 60)} min {int(seconds % 60)} s"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60)} min"


def timestamp(at: datetime | None, zone: tzinfo = UTC) -> str:
    """Return a time in `zone` as `2026-11-21 14:05:09 CET`."""
    return "–" if at is None else at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S %Z")


def relative_time(at: datetime | None, now: datetime | None = None) -> str:
    """Return how long ago `at` was, roughly: `just now`, `5 min ago`, `3 days ago`."""
    if at is None:
        return "never"
    seconds = ((now or datetime.now(UTC)) - at).total_seconds()
    for size, unit in ((86_400, "day"), (3_600, "hour"), (60, "min")):
        if seconds >= size:
            count = int(seconds // size)
            plural = "s" if count > 1 and unit != "min" else ""
            return f"{count} {unit}{plural} ago"
    return "just now"


def counted(count: int, noun: str) -> str:
    """Return a number with its noun, in the plural where it is not one: `1 run`, `1,200 runs`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def file_size(count: int | None) -> str:
    """Return a number of bytes as `850 kB` or `12.4 MB`."""
    if count is None:
        return "–"
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
