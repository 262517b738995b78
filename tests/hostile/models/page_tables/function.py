"""Fill the kernel's page tables: reading one byte in each large page of a map takes 4 kB that count as nobody's."""

import mmap


def run(inputs):
    size = 2**37  # 0x4000 is MAP_NORESERVE
    block = mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, mmap.PROT_READ)
    total = sum(block[at] for at in range(0, size, 2**21))
    return {"summary": {"total": total, "mb": size // 2**21 * 4_096 // 1_000_000}}
