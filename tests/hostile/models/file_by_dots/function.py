"""Name a file of the host by a relative path."""

import os


def run(inputs):
    return {"files": {"report": "../../../../../../etc/passwd"}}
