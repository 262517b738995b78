"""Fill the disk with open files that have no name."""

import os
import time


def run(inputs):
    kept = []
    for i in range(40):
        made = open("f", "wb", buffering=0)
        os.unlink("f")
        kept.append(made)
        for _ in range(10):
            made.write(b"x" * 2_000_000)
        time.sleep(0.02)
    return {"summary": {"mb": len(kept) * 20}}
