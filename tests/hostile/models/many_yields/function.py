"""Yield two hundred thousand times."""


def run(inputs):
    for i in range(200_000):
        yield {"progress": i / 200_000, "message": f"step {i}", "summary": {"last": i}}
