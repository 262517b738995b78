"""The time zone that times are shown in: the browser's.

Chosen: the zone's name as the browser gives it, and UTC where it gives none that is known here.
Left out: times in files and in the API, which are in UTC.
"""

from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st


def session_zone() -> tzinfo:
    """Return the time zone of this session's browser, UTC where it is not known."""
    name = zone_name()
    return UTC if name == "UTC" else ZoneInfo(name)


def zone_name() -> str:
    """Return the name of the session's time zone, such as `Europe/Berlin`."""
    found = st.context.timezone
    return found if isinstance(found, str) and _is_known(found) else "UTC"


def utc_text(at: datetime) -> str:
    """Return a time as ISO 8601 in UTC, for tooltips and files."""
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _is_known(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name with a path in it, or of a folder
        return False
    return True
