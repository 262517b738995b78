"""Fill the disk in a folder that may be written to and not read."""

import os
import time


def run(inputs):
    os.mkdir("hidden", 0o300)
    for i in range(40):
        with open(f"hidden/{i}", "wb") as made:
            made.write(b"x" * 20_000_000)
        time.sleep(0.02)
    return {"summary": {"mb": 800}}
