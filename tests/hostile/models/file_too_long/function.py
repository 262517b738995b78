"""Name a file by a text longer than any path."""

import os


def run(inputs):
    return {"files": {"report": "a" * 100_000}}
