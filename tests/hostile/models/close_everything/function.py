"""Close every descriptor, then end."""

import os


def run(inputs):
    os.closerange(0, 1024)
    return {"summary": {"a": 1}}
