"""The way of a run: submitted, queued, claimed, executed, followed, cancelled, requeued, exported."""
