"""Send large partial results under ever new names, so that together they fill the worker."""

import os
import stat
import time


def pipes():
    """Return the descriptors that are pipes and not the log."""
    found = []
    for descriptor in range(3, 256):
        try:
            if stat.S_ISFIFO(os.fstat(descriptor).st_mode):
                found.append(descriptor)
        except OSError:
            continue
    return found


def forge(content, size=None):
    for descriptor in pipes():
        try:
            os.write(descriptor, (len(content) if size is None else size).to_bytes(4, "big") + content)
        except OSError:
            continue


def run(inputs):
    for i in range(200):
        content = b'{"kind": "partial", "result": {"k' + str(i).encode() + b'": "' + b"a" * 20_000_000 + b'"}}'
        view = memoryview(len(content).to_bytes(4, "big") + content)
        for descriptor in pipes():
            rest = view
            while rest:
                rest = rest[os.write(descriptor, rest) :]
        time.sleep(0.05)
    return {}
