"""Forge a result nested more deeply than can be stored."""

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
    forge(b'{"kind": "result", "result": {"a": ' + b"[" * 900 + b"]" * 900 + b"}}")
    time.sleep(30)
    return {}
