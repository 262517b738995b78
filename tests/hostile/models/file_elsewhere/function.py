"""Name a file of the host as one of the result."""

import os


def run(inputs):
    return {"files": {"report": "/etc/passwd"}}
