"""The AI gateway: one endpoint that speaks the OpenAI protocol, asked once a run.

Chosen: plain httpx, because every failure has to be told from every other. A request that may be charged is sent once:
after a time-out, an error of the server or a stream that breaks off it is not sent again. A 429 was refused and not
charged: it is sent again when the gateway says so, within the run's time.
Left out: proxies, redirects, and addresses at other hosts than the gateway's own.

`gateway.py` is the same file in the models AI Text, AI Image and AI Video.
"""

import datetime as dt
import difflib
import email.utils
import json
import os
import time
from pathlib import Path

import httpx

CONNECT = 15.0  # s
SILENCE = 120.0  # s without a byte
SPARE = 1.0  # s of the run's time that are left for its own end
WORDS = 300  # characters of what the gateway says that are passed on
LARGEST = 250_000_000  # bytes of a file
NEAR = 5  # names of models that are proposed for one that is not known
REFUSED = ("content_policy", "content_filter", "moderation", "safety", "flagged")
NO_MODEL = ("not a valid model", "model_not_found", "does not exist", "no such model", "unknown model")


class GatewayFailureError(Exception):
    """No answer, or not a whole one. `code` is the kind of reason; the text says what was found and what to do."""

    def __init__(self, code, text):
        super().__init__(text)
        self.code = code


class Gateway:
    """The gateway of this installation, for one run.

    `usage` is what it reported, as the run's result passes it on under `gateway_usage`.
    """

    def __init__(self, model):
        self.url = os.environ["AI_GATEWAY_URL"].rstrip("/")
        self.host = httpx.URL(self.url).host
        self.deadline = time.monotonic() + float(os.environ.get("RUN_SECONDS", "60")) - SPARE
        self.usage = {"model": model, "input_tokens": None, "output_tokens": None, "cost": None, "failure": None}
        self.begun = False
        headers = {"Authorization": f"Bearer {os.environ['AI_GATEWAY_KEY']}", "X-Title": "Tontine"}
        self.client = httpx.Client(headers=headers, trust_env=False, follow_redirects=False)

    @property
    def openrouter(self):
        """Whether the gateway is OpenRouter, whose requests for pictures and films differ from OpenAI's."""
        return self.host == "openrouter.ai" or self.host.endswith(".openrouter.ai")

    def left(self):
        """Return the seconds that are left.

        Raises:
            GatewayFailureError: there are none.
        """
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise GatewayFailureError("timeout", "The AI gateway's answer did not come within the run's time.")
        return seconds

    def count(self, usage):
        """Take what the gateway reports of a call; several calls of one run add up."""
        if not isinstance(usage, dict):
            return
        for ours, names in (
            ("input_tokens", ("prompt_tokens", "input_tokens")),
            ("output_tokens", ("completion_tokens", "output_tokens")),
            ("cost", ("cost", "total_cost")),
        ):
            found = next((usage[n] for n in names if isinstance(usage.get(n), int | float)), None)
            if found is not None:
                self.usage[ours] = found + (self.usage[ours] or 0)

    def summary(self):
        """Return the figures that every answer shows."""
        found = {"Model": self.usage["model"]}
        for label, key in (("Input tokens", "input_tokens"), ("Output tokens", "output_tokens")):
            if self.usage[key] is not None:
                found[label] = self.usage[key]
        cost = self.usage["cost"]
        found["Cost"] = "not reported" if cost is None else {"value": cost, "unit": "USD", "format": ",.4f"}
        return found

    def post(self, path, body, opened):
        """Send a request that may be charged, once, and yield what the run shows while it waits for its turn.

        `opened` gets the open answer, and what it yields is passed on.

        Raises:
            GatewayFailureError: with the reason.
        """
        while True:
            self.begun = True
            with self._request("POST", path, body) as answer:
                if answer.status_code != 429:
                    self._require_success(answer)
                    try:
                        yield from opened(answer)
                    except httpx.TimeoutException:
                        raise GatewayFailureError("timeout", self._silent()) from None
                    except httpx.HTTPError as error:
                        raise GatewayFailureError(
                            "broken_stream", f"The AI gateway's answer broke off ({_words(error)}). {ONCE}"
                        ) from None
                    return
                self.begun = False
                wait, said = _retry_after(answer), _said(answer)
            if wait is None or wait + 1 > self.left():
                until = (
                    "does not say for how long" if wait is None else f"asks to wait {wait:,.0f} s, which is too long"
                )
                raise GatewayFailureError("rate_limit", f"The AI gateway takes no more requests now and {until}.{said}")
            yield {"message": f"The AI gateway asks to wait {wait:,.0f} s"}
            time.sleep(wait)

    def get(self, path):
        """Return the JSON at an address of the gateway; reading is not charged.

        Raises:
            GatewayFailureError: with the reason.
        """
        with self._request("GET", path) as answer:
            self._require_success(answer)
            return self.read(answer)

    def save(self, path, target):
        """Write what is at an address of the gateway to a file.

        Raises:
            GatewayFailureError: with the reason.
        """
        size = 0
        with self._request("GET", path) as answer, Path(target).open("wb") as out:
            self._require_success(answer)
            try:
                for piece in answer.iter_bytes():
                    size += len(piece)
                    self.left()
                    if size > LARGEST:
                        raise GatewayFailureError("bad_answer", f"The file has more than {LARGEST // 1_000_000} MB.")
                    out.write(piece)
            except httpx.HTTPError as error:
                raise GatewayFailureError(
                    "broken_stream", f"The file's transfer broke off ({_words(error)})."
                ) from None

    def read(self, answer):
        """Return the JSON of an answer.

        Raises:
            GatewayFailureError: it is none, or it broke off.
        """
        try:
            found = json.loads(answer.read())
        except httpx.TimeoutException:
            raise GatewayFailureError("timeout", self._silent()) from None
        except httpx.HTTPError as error:
            raise GatewayFailureError(
                "broken_stream", f"The AI gateway's answer broke off ({_words(error)}). {ONCE}"
            ) from None
        except ValueError:
            raise GatewayFailureError("bad_answer", f"The AI gateway's answer is not JSON. {ONCE}") from None
        if not isinstance(found, dict):
            raise GatewayFailureError("bad_answer", f"The AI gateway's answer is not an object. {ONCE}")
        # Some gateways report a provider's error with status 200; a job that failed says so itself.
        if isinstance(found.get("error"), dict) and "status" not in found:
            raise self.failure_of(found["error"].get("code"), found["error"])
        return found

    def models(self, *paths):
        """Return a row for each model that the gateway lists at the first of these addresses that it has."""
        for i, path in enumerate(paths):
            try:
                listed = self.get(path).get("data") or []
                break
            except GatewayFailureError as failure:
                if failure.code not in {"unknown_model", "bad_request"} or i == len(paths) - 1:
                    raise
        return [_model_row(one) for one in listed if isinstance(one, dict) and one.get("id")]

    def failure_of(self, status, error):
        """Return the failure that a status or code, and the error of an answer, stand for."""
        message = _words(error.get("message") if isinstance(error, dict) else error)
        said = f" It says: {message}" if message else ""
        marks = f"{json.dumps(error)[:2_000]} {message}".lower()
        refused = any(mark in marks for mark in REFUSED)
        match status:
            case 401:
                return GatewayFailureError(
                    "wrong_key",
                    "The AI gateway does not accept the key. An administrator sets the secret AI_GATEWAY_KEY anew, on "
                    f"the page Secrets.{said}",
                )
            case 402:
                return GatewayFailureError("no_credit", f"The AI gateway's account has no credit left.{said}")
            case _ if refused:
                return GatewayFailureError(
                    "content_refused", f"The AI gateway refused the content. Word the request otherwise.{said}"
                )
            case 403:
                return GatewayFailureError("wrong_key", f"The AI gateway's key may not be used for this.{said}")
            case _ if status == 404 or any(mark in marks for mark in NO_MODEL):
                name = self.usage["model"]
                return GatewayFailureError(
                    "unknown_model", f"inputs.model: the AI gateway has no model {name!r}.{self._near(name)}{said}"
                )
            case 408:
                return GatewayFailureError("timeout", f"The AI gateway waited too long for its provider. {ONCE}{said}")
            case 429:
                return GatewayFailureError("rate_limit", f"The AI gateway takes no more requests now.{said}")
            case int() if 400 <= status < 500:
                return GatewayFailureError(
                    "bad_request", f"The AI gateway does not take this request ({status}).{said}"
                )
        return GatewayFailureError("server_error", f"The AI gateway or its provider failed ({status}). {ONCE}{said}")

    def _near(self, name):
        """Return names of the gateway's own list that are like one it does not have."""
        try:
            names = [row["id"] for row in self.models("/models")]
        except (GatewayFailureError, RecursionError):
            return " Choose one of its list."
        near = difflib.get_close_matches(name, names, NEAR, 0.4) or names[:NEAR]
        return f" Near it are: {', '.join(near)}." if near else " Its list of models is empty."

    def _request(self, method, path, body=None):
        """Open an answer.

        Raises:
            GatewayFailureError: the gateway is not reached.
        """
        left = self.left()
        limits = httpx.Timeout(min(SILENCE, left), connect=min(CONNECT, left))
        request = self.client.build_request(method, self.url + path, json=body, timeout=limits)
        try:
            return _Open(self.client.send(request, stream=True))
        except httpx.ConnectTimeout:
            raise GatewayFailureError(
                "timeout", f"The AI gateway {self.host} does not answer within {CONNECT:g} s."
            ) from None
        except httpx.ConnectError as error:
            self.begun = False  # nothing was sent
            raise self._not_reached(_words(error)) from None
        except httpx.TimeoutException:
            raise GatewayFailureError("timeout", self._silent()) from None
        except httpx.HTTPError as error:
            raise GatewayFailureError(
                "broken_stream", f"The AI gateway closed the connection before it answered ({_words(error)}). {ONCE}"
            ) from None

    def _not_reached(self, why):
        if "is not known" in why:
            return GatewayFailureError("dns", f"The AI gateway's name is not found: {why}. Check TONTINE_GATEWAY_URL.")
        if "timed out" in why:
            return GatewayFailureError("timeout", f"The AI gateway does not answer: {why}.")
        if "CERTIFICATE" in why.upper():
            return GatewayFailureError("connection", f"The AI gateway's certificate is not trusted here: {why}.")
        return GatewayFailureError("connection", f"The AI gateway is not reached: {why}.")

    def _silent(self):
        return f"The AI gateway sent nothing within the time there was. {ONCE}"

    def _require_success(self, answer):
        if answer.is_success:
            return
        if answer.is_redirect:
            raise GatewayFailureError(
                "bad_answer", "The AI gateway leads to another address. Check TONTINE_GATEWAY_URL."
            )
        raise self.failure_of(answer.status_code, _error_of(answer))


class _Open:
    """An answer that is open within a `with` block."""

    def __init__(self, answer):
        self.answer = answer

    def __enter__(self):
        return self.answer

    def __exit__(self, *_error):
        self.answer.close()


ONCE = "It is not asked again by itself: what it did may be charged."


def answered(gateway, parts):
    """Yield what `parts` yields; a failure is passed on as the run's reason, with what the gateway reported until then.

    Raises:
        ValueError: the gateway gave no whole answer.
    """
    failure = None
    try:
        yield from parts
    except GatewayFailureError as error:
        failure = error
    if failure is not None:
        gateway.usage["failure"] = failure.code
        yield {"gateway_usage": dict(gateway.usage)}
        raise ValueError(str(failure))


def listed(gateway, *paths):
    """Yield the gateway's own list of models as a result."""
    rows = gateway.models(*paths)
    yield {
        "summary": {"Models": len(rows)},
        "tables": {"Models of the gateway": rows},
        "notes": f"The list of {gateway.host}, {dt.datetime.now(dt.UTC):%Y-%m-%d %H:%M} UTC. Prices are in US dollars.",
    }


def _model_row(one):
    pricing = one.get("pricing") if isinstance(one.get("pricing"), dict) else {}
    made = one.get("architecture") if isinstance(one.get("architecture"), dict) else {}
    outputs = made.get("output_modalities")
    return {
        "id": str(one["id"]),
        "name": str(one.get("name") or one["id"]),
        "outputs": ", ".join(map(str, outputs)) if isinstance(outputs, list) else None,
        "context": one.get("context_length") if isinstance(one.get("context_length"), int) else None,
        "input_price": _million(pricing.get("prompt")),
        "output_price": _million(pricing.get("completion")),
    }


def _million(price):
    """Return a price a token as a price a million tokens; None where there is none."""
    try:
        found = float(price) * 1e6
    except (TypeError, ValueError):
        return None
    return round(found, 6) if 0 <= found < 1e9 else None


def _error_of(answer):
    """Return the error that an answer holds, as an object where it is one."""
    try:
        found = json.loads(answer.read())
    except (ValueError, httpx.HTTPError):
        return {}
    error = found.get("error", found) if isinstance(found, dict) else found
    return error if isinstance(error, dict) else {"message": str(error)}


def _said(answer):
    message = _words(_error_of(answer).get("message"))
    return f" It says: {message}" if message else ""


def _words(value):
    return " ".join(str(value).split())[:WORDS] if value else ""


def _retry_after(answer):
    """Return the seconds that a gateway asks to wait, or None where it does not say."""
    given = answer.headers.get("retry-after", "").strip()
    if not given:
        return None
    if given.replace(".", "", 1).isdigit():
        return float(given)
    try:
        until = email.utils.parsedate_to_datetime(given)
    except (TypeError, ValueError):
        return None
    return max(0.0, (until - dt.datetime.now(dt.UTC)).total_seconds())
