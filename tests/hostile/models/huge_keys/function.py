"""Return keys and paths as large as memory allows."""


def run(inputs):
    value = 1
    for _ in range(100):
        value = {"k" * 1_000_000: value}
    return {"summary": value}
