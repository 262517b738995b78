"""Reach our own objects by the collector and the frames, lift their limits and send too much."""

import gc
import sys


def run(inputs):
    frame = sys._getframe()
    found = [o for o in gc.get_objects() if type(o).__name__ == "Sender"]
    while frame is not None:
        found += [v for v in frame.f_locals.values() if type(v).__name__ == "Sender"]
        frame = frame.f_back
    for sender in found:
        sender.limit = 2**40
        sender.send({"kind": "result", "result": {"x": "a" * (60 * 2**20)}})
    return {"summary": {"found": len(found)}}
