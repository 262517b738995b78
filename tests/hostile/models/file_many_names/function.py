"""Name one file ten thousand times."""

import os


def run(inputs):
    with open("f", "w") as made:
        made.write("x" * 1_000_000)
    return {"files": {str(i): "f" for i in range(10_000)}}
