"""Name a file that cannot exist."""

import os


def run(inputs):
    return {"files": {"report": "a\0b"}}
