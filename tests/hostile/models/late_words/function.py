"""Go on writing after the result, by a thread and at exit."""

import atexit
import os
import threading


def shout():
    while True:
        os.write(1, b"x" * 1_000)


def run(inputs):
    atexit.register(lambda: open("/tmp/hostile-late", "w"))
    threading.Thread(target=shout, daemon=True).start()
    return {"summary": {"a": 1}}
