"""Shares work among the cores there are.

Left out: processes; numpy lets go of the interpreter while it computes.
"""

import os
from concurrent.futures import ThreadPoolExecutor, as_completed


def in_threads(work):
    """Call each (function, *arguments) of `work` on all cores, yielding what they return as it comes.

    Where threads are not to be had the calls follow one another.
    """
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    if cores > 1 and len(work) > 1:
        with ThreadPoolExecutor(cores) as pool:
            try:
                futures = [pool.submit(*call) for call in work]
            except RuntimeError:  # the confinement allows no further thread
                futures = None
            if futures is not None:
                for future in as_completed(futures):
                    yield future.result()
                return
    for function, *arguments in work:
        yield function(*arguments)
