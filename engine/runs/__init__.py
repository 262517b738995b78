"""The way of a run: submitted, queued, claimed, executed, followed, cancelled, put back in the queue, exported."""
