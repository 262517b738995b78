"""A text from a language model behind the AI gateway, streamed as it is written.

Chosen: the chat request of the OpenAI protocol; what has come is shown at once and kept where the rest does not come.
Left out: conversations of several turns, tools, and pictures as input.
"""

import json

from gateway import ONCE, Gateway, GatewayFailureError, answered, listed


def run(inputs):
    """Yield the text as far as it has come (keys of `inputs` as in manifest.json).

    Raises:
        ValueError: an input does not fit, or the gateway gave no whole answer; the text says which.
    """
    gateway = Gateway(inputs["model"].strip())
    if inputs["action"] == "list":
        yield from answered(gateway, listed(gateway, "/models"))
        return
    yield from answered(gateway, written(gateway, inputs))


def written(gateway, inputs):
    """Yield the parts of an answer."""
    body = request_body(inputs)
    parts = []
    ends = {}

    def stream(answer):
        for chunk in chunks(gateway, answer):
            gateway.count(chunk.get("usage"))
            for choice in chunk.get("choices") or []:
                ends["reason"] = choice.get("finish_reason") or ends.get("reason")
                text = (choice.get("delta") or choice.get("message") or {}).get("content")
                if isinstance(text, str) and text:
                    parts.append(text)
                    yield {"notes": shown(parts, inputs), "message": "Writing"}
            if isinstance(chunk.get("model"), str):
                gateway.usage["model"] = chunk["model"]

    yield {"gateway_usage": dict(gateway.usage), "message": "Waiting for the AI gateway"}
    yield from gateway.post("/chat/completions", body, stream)
    if ends.get("reason") == "content_filter":
        raise GatewayFailureError(
            "content_refused", "The AI gateway stopped the answer for its content. Word it otherwise."
        )
    if ends.get("reason") is None:
        raise GatewayFailureError("broken_stream", f"The AI gateway's answer broke off before its end. {ONCE}")
    text = "".join(parts)
    warnings = []
    if not text.strip():
        warnings.append("The model's answer is empty.")
    if ends["reason"] == "length":
        warnings.append("The answer ends where it reached the most tokens. Allow more, or ask for less.")
    result = {
        "summary": gateway.summary(),
        "notes": shown(parts, inputs),
        "gateway_usage": dict(gateway.usage),
        "warnings": warnings,
    }
    if inputs["format"] == "json":
        try:
            result["answer"] = json.loads(text)
        except ValueError:
            warnings.append("The answer is not JSON, although it was asked for. Another model may keep to it.")
    yield result


def request_body(inputs):
    """Return the request.

    Raises:
        ValueError: the prompt is empty, or the schema is none.
    """
    if not inputs["prompt"].strip():
        raise ValueError("inputs.prompt: it is empty. Write what the text is to be about.")
    messages = [{"role": "user", "content": inputs["prompt"]}]
    if inputs["system"].strip():
        messages.insert(0, {"role": "system", "content": inputs["system"]})
    body = {
        "model": inputs["model"].strip(),
        "messages": messages,
        "temperature": inputs["temperature"],
        "max_tokens": inputs["max_tokens"],
        "stream": True,
        "stream_options": {"include_usage": True},
        "usage": {"include": True},  # OpenRouter's word for it; others leave it aside
    }
    if inputs["format"] == "json":
        body["response_format"] = response_format(inputs["schema"])
    return body


def response_format(text):
    """Return how JSON is asked for: by a schema where there is one."""
    if not text.strip():
        return {"type": "json_object"}
    try:
        schema = json.loads(text)
    except ValueError as error:
        raise ValueError(f"inputs.schema: it is not JSON ({error}). Correct it, or leave it empty.") from None
    if not isinstance(schema, dict):
        raise ValueError(  # noqa: TRY004 - a refusal, shown beside the input
            "inputs.schema: it is not an object. Give a JSON Schema, or leave it empty."
        )
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}


def chunks(gateway, answer):
    """Yield the objects of an answer: of a stream of events, or the one of a gateway that does not stream.

    Raises:
        GatewayFailureError: one of them is an error, or none can be read.
    """
    if "text/event-stream" not in answer.headers.get("content-type", ""):
        yield gateway.read(answer)
        return
    for line in answer.iter_lines():
        gateway.left()
        if not line.startswith("data:"):
            continue  # comments keep the connection open
        data = line[5:].strip()
        if data == "[DONE]":
            return
        try:
            chunk = json.loads(data)
        except ValueError:
            raise GatewayFailureError("bad_answer", f"A part of the AI gateway's answer is not JSON. {ONCE}") from None
        if not isinstance(chunk, dict):
            raise GatewayFailureError("bad_answer", f"A part of the AI gateway's answer is not an object. {ONCE}")
        if chunk.get("error"):
            error = chunk["error"] if isinstance(chunk["error"], dict) else {"message": str(chunk["error"])}
            raise gateway.failure_of(error.get("code"), error)
        yield chunk


def shown(parts, inputs):
    """Return the text as the page shows it."""
    text = "".join(parts)
    return f"```json\n{text}\n```" if inputs["format"] == "json" else text
