"""A video from a model behind the AI gateway: submitted, followed until it is made, and fetched.

Chosen: the videos request of the OpenAI protocol, with OpenRouter's words for length and size where that is the
gateway. Asking how far it has come is not charged, so it is asked again where an answer fails.
Left out: pictures as a start or an end, and webhooks.
"""

import time

from gateway import Gateway, GatewayFailureError, answered, listed

FIRST_WAIT, LONGEST_WAIT, GROWTH = 0.5, 10.0, 1.5  # s between two questions how far it has come
ATTEMPTS = 5  # questions in a row that may fail
PASSING = {"timeout", "server_error", "broken_stream", "connection", "rate_limit", "bad_answer"}
DONE, FAILED = {"completed", "succeeded"}, {"failed", "cancelled", "canceled", "expired"}
FILE = "video.mp4"


def run(inputs):
    """Yield how far the video has come, and the video (keys of `inputs` as in manifest.json).

    Raises:
        ValueError: an input does not fit, or the gateway gave no whole answer; the text says which.
    """
    gateway = Gateway(inputs["model"].strip())
    if inputs["action"] == "list":
        yield from answered(gateway, listed(gateway, "/videos/models", "/models"))
        return
    yield from answered(gateway, made(gateway, inputs))


def made(gateway, inputs):
    """Yield the stages of a job, and the video."""
    prompt = inputs["prompt"].strip()
    if not prompt:
        raise ValueError("inputs.prompt: it is empty. Write what the video is to show.")
    job = {}

    def take(answer):
        job.update(gateway.read(answer))
        yield {}

    yield {"gateway_usage": dict(gateway.usage), "message": "Waiting for the AI gateway"}
    yield from gateway.post("/videos", body(gateway, inputs, prompt), take)
    name = job.get("id")
    if not isinstance(name, str) or not name.replace("-", "").replace("_", "").isalnum():
        raise GatewayFailureError("bad_answer", "The AI gateway's answer names no job that could be followed.")
    yield {"summary": {"Job": name}}
    yield from followed(gateway, name, job)
    gateway.count(job.get("usage"))
    yield {"message": "Fetching the video", "progress": 1.0, "gateway_usage": dict(gateway.usage)}
    gateway.save(f"/videos/{name}/content", FILE)
    title = prompt if len(prompt) <= 80 else f"{prompt[:80].rstrip()}…"
    yield {
        "summary": {"Job": name, **gateway.summary()},
        "video": [{"title": title, "alt": f"Video made by a model from the words: {prompt}", "file": FILE}],
        "gateway_usage": dict(gateway.usage),
    }


def body(gateway, inputs, prompt):
    """Return the request, in the words of the gateway's protocol."""
    found = {"model": inputs["model"].strip(), "prompt": prompt}
    if inputs["protocol"] == "openrouter" or (inputs["protocol"] == "auto" and gateway.openrouter):
        width, height = map(int, inputs["size"].split("x"))
        shape = {"resolution": f"{min(width, height)}p", "aspect_ratio": "16:9" if width > height else "9:16"}
        return {**found, "duration": inputs["seconds"], **shape}
    return {**found, "seconds": str(inputs["seconds"]), "size": inputs["size"]}


def followed(gateway, name, job):
    """Yield how far a job has come until it has ended.

    Raises:
        GatewayFailureError: it failed, or how far it has come cannot be read.
    """
    wait, failures, progress = FIRST_WAIT, 0, 0.0
    while job.get("status") not in DONE:
        if job.get("status") in FAILED:
            error = job.get("error") if isinstance(job.get("error"), dict) else {"message": job.get("error")}
            found = gateway.failure_of(error.get("code"), error)
            if found.code == "content_refused":
                raise found
            said = f": {error['message']}" if error.get("message") else ""
            raise GatewayFailureError("server_error", f"The AI gateway's job {name} {job['status']}{said}.")
        given = job.get("progress")
        if isinstance(given, int | float) and 0 <= given <= 100:
            progress = max(progress, given / 100)
        words = str(job.get("status") or "queued").replace("_", " ")
        yield {"progress": progress or None, "message": f"The video is {words}"}
        if gateway.left() < wait + 1:
            raise GatewayFailureError(
                "timeout",
                f"The video was not made within the run's time. The gateway's job {name} may still end there.",
            )
        time.sleep(wait)
        wait = min(LONGEST_WAIT, wait * GROWTH)
        try:
            latest = gateway.get(f"/videos/{name}")
        except GatewayFailureError as failure:
            failures += 1
            if failure.code not in PASSING or failures >= ATTEMPTS:
                raise
            continue
        failures = 0
        job.clear()
        job.update(latest)
