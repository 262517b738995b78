"""Nest folders beyond the longest path."""

import os


def run(inputs):
    for i in range(3_000):
        os.mkdir("d")
        os.chdir("d")
        if i % 500 == 0:
            open("f", "w").close()
    return {"summary": {"depth": 3_000}}
