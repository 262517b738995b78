"""Shares work among the cores there are, and hands back what was done in the order it was asked for.

Chosen: no more pieces are under way than there are cores and one, so that large answers do not pile up.
Left out: processes; numpy lets go of the interpreter while it computes.
"""

import os
from collections import deque
from concurrent.futures import ThreadPoolExecutor


def in_order(function, pieces):
    """Yield function(*arguments) for each tuple of `pieces`, in their order; without threads one after the other."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    pieces, waiting = deque(pieces), deque()
    with ThreadPoolExecutor(cores) as pool:
        while pieces and cores > 1:
            try:
                waiting.append(pool.submit(function, *pieces[0]))
            except RuntimeError:  # the confinement allows no further thread
                break
            pieces.popleft()
            if len(waiting) > cores:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    for arguments in pieces:
        yield function(*arguments)
