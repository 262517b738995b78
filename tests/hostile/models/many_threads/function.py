"""Start ten thousand threads."""

import threading
import time


def run(inputs):
    threading.stack_size(64 * 1024)
    for _ in range(10_000):
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
    return {"summary": {"threads": threading.active_count()}}
