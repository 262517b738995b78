"""Images from a model behind the AI gateway.

Chosen: the images request of the OpenAI protocol, and where the gateway is OpenRouter its chat request for pictures;
content comes within the answer, because no other host than the gateway's is granted.
Left out: editing images, masks, and streaming of half-finished ones.
"""

import base64
import binascii

from gateway import ONCE, Gateway, GatewayFailureError, answered, listed

TITLE = 80  # characters of the prompt that make a title


def run(inputs):
    """Yield the images (keys of `inputs` as in manifest.json).

    Raises:
        ValueError: an input does not fit, or the gateway gave no whole answer; the text says which.
    """
    gateway = Gateway(inputs["model"].strip())
    if inputs["action"] == "list":
        yield from answered(gateway, listed(gateway, "/models"))
        return
    yield from answered(gateway, drawn(gateway, inputs))


def drawn(gateway, inputs):
    """Yield the images, each as soon as it is there."""
    prompt = inputs["prompt"].strip()
    if not prompt:
        raise ValueError("inputs.prompt: it is empty. Write what the image is to show.")
    by_chat = inputs["protocol"] == "chat" or (inputs["protocol"] == "auto" and gateway.openrouter)
    images = []

    def take(answer):
        found = gateway.read(answer)
        gateway.count(found.get("usage"))
        for one in contents(found, by_chat):
            images.append(image(prompt, len(images) + 1, one))
        yield {"images": images, "gateway_usage": dict(gateway.usage)}

    yield {"gateway_usage": dict(gateway.usage), "message": "Waiting for the AI gateway"}
    if by_chat:  # one picture a request
        for number in range(inputs["number"]):
            yield {"message": f"Image {number + 1} of {inputs['number']}", "progress": number / inputs["number"]}
            yield from gateway.post("/chat/completions", chat_body(inputs, prompt), take)
    else:
        yield from gateway.post("/images/generations", images_body(inputs, prompt), take)
    if not images:
        raise GatewayFailureError("bad_answer", f"The AI gateway's answer has no image in it. {ONCE}")
    warnings = []
    if len(images) < inputs["number"]:
        warnings.append(f"{len(images)} of {inputs['number']} images came.")
    yield {
        "summary": {"Images": len(images), **gateway.summary()},
        "images": images,
        "gateway_usage": dict(gateway.usage),
        "warnings": warnings,
    }


def images_body(inputs, prompt):
    """Return the images request."""
    body = {"model": inputs["model"].strip(), "prompt": prompt, "n": inputs["number"]}
    if inputs["size"] != "auto":
        body["size"] = inputs["size"]
    if "dall-e" in body["model"]:  # the others give nothing else, and refuse to be told
        body["response_format"] = "b64_json"
    return body


def chat_body(inputs, prompt):
    """Return the chat request for one picture."""
    body = {
        "model": inputs["model"].strip(),
        "messages": [{"role": "user", "content": prompt}],
        "modalities": ["image", "text"],
        "usage": {"include": True},
    }
    if inputs["size"] != "auto":
        width, height = map(int, inputs["size"].split("x"))
        body["image_config"] = {"aspect_ratio": "1:1" if width == height else "3:2" if width > height else "2:3"}
    return body


def contents(found, by_chat):
    """Return the base64 content of each image of an answer.

    Raises:
        GatewayFailureError: an image is at an address of another host, or its content is none.
    """
    if by_chat:
        messages = [c.get("message") or {} for c in found.get("choices") or [] if isinstance(c, dict)]
        given = [(i.get("image_url") or {}).get("url") for m in messages for i in m.get("images") or []]
    else:
        given = [one.get("b64_json") or one.get("url") for one in found.get("data") or [] if isinstance(one, dict)]
    return [content(one) for one in given if isinstance(one, str)]


def content(text):
    """Return the base64 part of an image given as base64 or as a data address."""
    if text.startswith(("http://", "https://")):
        raise GatewayFailureError(
            "bad_answer",
            f"The AI gateway gives the image at an address of another host, which this model may not reach. {ONCE}",
        )
    data = text.partition(";base64,")[2] if text.startswith("data:") else text
    try:
        base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        raise GatewayFailureError("bad_answer", f"The AI gateway's image is not valid base64. {ONCE}") from None
    return data


def image(prompt, number, data):
    """Return an image of the result."""
    title = prompt if len(prompt) <= TITLE else f"{prompt[:TITLE].rstrip()}…"
    return {"title": f"{number}. {title}", "alt": f"Image made by a model from the words: {prompt}", "base64": data}
