"""Fill the disk through maps of files that have no name and are not open."""

import mmap
import os
import time


def run(inputs):
    kept = []
    for i in range(40):
        with open("f", "w+b", buffering=0) as made:
            os.unlink("f")
            made.truncate(20_000_000)
            block = mmap.mmap(made.fileno(), 20_000_000)
        block[:] = b"x" * 20_000_000
        block.flush()
        block.madvise(mmap.MADV_DONTNEED)
        kept.append(block)
        time.sleep(0.02)
    return {"summary": {"mb": len(kept) * 20}}
