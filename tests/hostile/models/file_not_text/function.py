"""Name a file by something that is no text."""

import os


def run(inputs):
    return {"files": {"report": {"a": [1]}}}
