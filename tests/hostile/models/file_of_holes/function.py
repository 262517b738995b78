"""Name files that hold nothing on the disk and gigabytes when read."""

import os


def run(inputs):
    for i in range(90):
        with open(f"f{i}", "w") as made:
            os.ftruncate(made.fileno(), 200_000_000)
    return {"files": {str(i): f"f{i}" for i in range(90)}}
