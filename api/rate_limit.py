"""How many requests one caller may make in a minute.

Chosen: the library `limits` counts in a sliding window in this process's memory: with one server in front of a database
that is the whole truth, and it costs no statement. A caller is an actor at an address.
Left out: a count that several servers share; each then allows the whole number. How many runs may wait is another limit
(`engine.runs.submit`).
"""

import math
import time

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import SlidingWindowCounterRateLimiter

# Asked by every open page every few seconds, or by a load balancer; neither costs anything.
EXEMPT = frozenset({"/health", "/monitor/queue"})


class RequestLimit:
    """Counts requests by caller.

    Args:
        per_minute: requests that one caller may make in a minute; 0 counts none.
    """

    def __init__(self, per_minute: int) -> None:
        self.per_minute = per_minute
        self._item = RateLimitItemPerMinute(max(1, per_minute))
        self._limiter = SlidingWindowCounterRateLimiter(MemoryStorage())

    def wait_for(self, caller: str) -> int | None:
        """Count a request of the caller; return None where it may be answered, or the seconds to wait."""
        if not self.per_minute or self._limiter.hit(self._item, caller):
            return None
        return max(1, math.ceil(self._limiter.get_window_stats(self._item, caller).reset_time - time.time()))
