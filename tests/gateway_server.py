"""An AI gateway on this machine: it speaks the OpenAI protocol over HTTP, and misbehaves as a test asks it to.

Chosen: a server of its own in the tests' process, reached over a real socket; `mode` says what it does with the next
requests, `requests` has what was asked, so that a test can tell how often.
"""

import base64
import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.media_files import MP4, SVG, picture

KEY = "key-of-the-gateway-tests"
MODELS = ["demo/small", "demo/large", "demo/painter", "demo/director"]
WORDS = ["The ", "reserve ", "is ", "**12", "50** ", "as of 2025."]
USAGE = {"prompt_tokens": 21, "completion_tokens": 7, "total_tokens": 28, "cost": 0.0125}


class GatewayServer:
    """The server: its address, what it is to do, and what it was asked."""

    def __init__(self):
        self.mode = "well"
        self.retry_after = "1"
        self.answer = None  # the text to write instead of WORDS
        self.usage = dict(USAGE)
        self.requests = []
        self.polls = 0
        self.release = threading.Event()  # what a mode that stops half way waits for
        self.half_way = threading.Event()
        gateway = self

        class Handler(_Handler):
            server_of = gateway

        self._server = _Quiet(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        self.host = f"localhost:{self.port}"
        self.url = f"http://{self.host}/v1"
        self._thread = threading.Thread(target=self._server.serve_forever)
        self._thread.start()

    def asked(self, path):
        """Return the bodies of the requests that were sent to a path."""
        return [body for asked, body in self.requests if asked == path]

    def stop(self):
        self.release.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


class _Quiet(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_arguments):
        pass  # a client that was ended closes its connection


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_of = None

    def log_message(self, *_arguments):
        pass

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        gateway, path = self.server_of, self.path.removeprefix("/v1")
        gateway.requests.append((path, body))
        if self._misbehaves(gateway, body):
            return
        match path:
            case "/chat/completions" if "modalities" in body:
                self._json(200, {"choices": [{"message": {"images": [self._picture_link()]}}], "usage": gateway.usage})
            case "/chat/completions":
                self._chat(gateway, body)
            case "/images/generations":
                self._json(200, {"data": self._pictures(gateway, body), "usage": gateway.usage})
            case "/videos":
                gateway.polls = 0
                self._json(200, {"id": "job-1", "status": "queued"})
            case _:
                self._json(404, {"error": {"message": "no such path"}})

    def do_GET(self):
        gateway, path = self.server_of, self.path.removeprefix("/v1")
        gateway.requests.append((path, None))
        if not self._knows_key():
            return
        match path:
            case "/models":
                listed = [
                    {"id": one, "name": one.title(), "context_length": 8_000, "pricing": {"prompt": "0.000001"}}
                    for one in MODELS
                ]
                self._json(200, {"data": listed})
            case "/videos/job-1":
                self._job(gateway)
            case "/videos/job-1/content":
                if gateway.mode == "film breaks off":
                    self._begin(200, "video/mp4", 10_000)
                    self.wfile.write(MP4)
                    self.close_connection = True
                    return
                self._bytes(200, "video/mp4", MP4)
            case _:
                self._json(404, {"error": {"message": "no such path"}})

    def _knows_key(self):
        if self.headers.get("Authorization") == f"Bearer {KEY}":
            return True
        self._json(401, {"error": {"message": "No auth credentials found", "code": 401}})
        return False

    def _misbehaves(self, gateway, body):
        if gateway.mode == "wrong key" or not self._knows_key():
            if gateway.mode == "wrong key":
                self._json(401, {"error": {"message": "User not found.", "code": 401}})
            return True
        if body["model"] not in MODELS:
            self._json(400, {"error": {"message": f"{body['model']} is not a valid model ID", "code": 400}})
            return True
        match gateway.mode:
            case "busy":
                gateway.mode = "well"
                self._json(429, {"error": {"message": "Rate limited"}}, {"Retry-After": gateway.retry_after})
            case "always busy":
                self._json(429, {"error": {"message": "Rate limited"}}, {"Retry-After": gateway.retry_after})
            case "busy without an end":
                self._json(429, {"error": {"message": "Rate limited"}})
            case "fails":
                self._json(503, {"error": {"message": "Provider is down"}})
            case "no credit":
                self._json(402, {"error": {"message": "Insufficient credits"}})
            case "refuses":
                self._json(400, {"error": {"message": "Rejected", "code": "content_policy_violation"}})
            case "moderates":
                self._json(403, {"error": {"message": "Input was flagged", "metadata": {"reasons": ["violence"]}}})
            case "silent":
                gateway.release.wait(60)
                self.close_connection = True
            case "hangs up":
                self.close_connection = True
                self.connection.close()
            case "page":
                self._bytes(200, "text/html", b"<html>Welcome</html>")
            case "moved":
                self._json(302, {}, {"Location": "http://elsewhere.example/v1"})
            case "too long":
                self._json(400, {"error": {"message": "maximum context length is 8000 tokens"}})
            case _:
                return False
        return True

    def _chat(self, gateway, body):
        words = [gateway.answer] if gateway.answer is not None else WORDS
        if not body.get("stream") or gateway.mode == "whole":
            text = "".join(words)
            choice = {"message": {"content": text}, "finish_reason": "stop"}
            self._json(200, {"model": body["model"], "choices": [choice], "usage": gateway.usage})
            return
        self._begin(200, "text/event-stream")
        self._event(": working")
        for i, word in enumerate(words):
            self._data({"model": body["model"], "choices": [{"delta": {"content": word}}]})
            if i == 2 and gateway.mode == "waits half way":
                gateway.half_way.set()
                gateway.release.wait(60)
            if i == 2 and gateway.mode == "breaks off":
                self.connection.close()
                self.close_connection = True
                return
            if i == 2 and gateway.mode == "ends early":
                self._finish()
                return
            if i == 2 and gateway.mode == "provider fails half way":
                self._data({"error": {"code": 502, "message": "Provider disconnected"}})
                self._finish()
                return
            if i == 2 and gateway.mode == "garbage half way":
                self._event("data: {no json")
                self._finish()
                return
        reason = {"filtered": "content_filter", "cut": "length"}.get(gateway.mode, "stop")
        self._data({"choices": [{"delta": {}, "finish_reason": reason}]})
        self._data({"choices": [], "usage": gateway.usage})
        self._event("data: [DONE]")
        self._finish()

    def _pictures(self, gateway, body):
        if gateway.mode == "links":
            return [{"url": "https://elsewhere.example/a.png"}]
        content = SVG if gateway.mode == "svg" else picture()
        count = 1 if gateway.mode == "fewer" else body.get("n", 1)
        return [{"b64_json": base64.b64encode(content).decode()}] * (0 if gateway.mode == "nothing" else count)

    def _picture_link(self):
        return {"image_url": {"url": f"data:image/png;base64,{base64.b64encode(picture()).decode()}"}}

    def _job(self, gateway):
        gateway.polls += 1
        if gateway.mode == "poll fails once" and gateway.polls == 1:
            self._json(502, {"error": {"message": "bad gateway"}})
        elif gateway.mode == "job fails":
            self._json(200, {"id": "job-1", "status": "failed", "error": {"message": "the renderer stopped"}})
        elif gateway.mode == "job is refused":
            error = {"code": "moderation_blocked", "message": "blocked by our moderation system"}
            self._json(200, {"id": "job-1", "status": "failed", "error": error})
        elif gateway.mode == "job goes on" or gateway.polls < 2:
            self._json(200, {"id": "job-1", "status": "in_progress", "progress": 40})
        else:
            self._json(200, {"id": "job-1", "status": "completed", "progress": 100, "usage": {"cost": 0.5}})

    def _json(self, status, body, headers=None):
        self._bytes(status, "application/json", json.dumps(body).encode(), headers)

    def _bytes(self, status, type_, content, headers=None):
        self._begin(status, type_, len(content), headers)
        self.wfile.write(content)

    def _begin(self, status, type_, length=None, headers=None):
        self.send_response(status)
        self.send_header("Content-Type", type_)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        else:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()

    def _data(self, value):
        self._event(f"data: {json.dumps(value)}")

    def _event(self, line):
        content = f"{line}\n\n".encode()
        with contextlib.suppress(OSError):
            self.wfile.write(f"{len(content):x}\r\n".encode() + content + b"\r\n")
            self.wfile.flush()

    def _finish(self):
        self.wfile.write(b"0\r\n\r\n")
