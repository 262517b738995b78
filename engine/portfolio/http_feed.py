"""Prices from an HTTP service whose host and key an administrator has granted.

Chosen: one request for all tickers of the installation, with the name of the program, the tag of the last answer and
the key as a bearer token. A service that asks to be left alone (Retry-After) is, and one that fails is asked less and
less often. The connection goes to the address that was looked at, so that a name cannot point elsewhere a moment later;
a private one only where the grant says so.
Left out: services with other forms of answer; a small proxy turns them into this one (the guide has its form).
"""

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, TypeGuard
from urllib.parse import urlsplit

import httpx

from contract.errors import DeliveryError
from engine.portfolio.feeds import FeedError, Quotes
from engine.webhooks.send import resolve

AGENT = "Tontine portfolio prices"
TIMEOUT = 10.0  # s
LARGEST = 5_000_000  # bytes of an answer
FIRST_PAUSE, LONGEST_PAUSE = 15.0, 600.0  # s between two requests to a service that fails
PORTS = {"http": 80, "https": 443}


class HttpFeed:
    """A service that answers `GET address?tickers=A,B` with `{"as_of": ..., "prices": {"A": 1.5}}`.

    Args:
        address: where it is asked.
        key: sent as a bearer token; empty where it wants none.
        benchmark: the ticker that betas are measured against.
        private: whether its address may be one that is not on the public internet.
    """

    tickers: tuple[str, ...] | None = None

    def __init__(self, address: str, *, key: str = "", benchmark: str = "INDEX", private: bool = False) -> None:
        self.address, self.key, self.benchmark, self.private = address, key, benchmark, private
        parts = urlsplit(address)
        self.host = parts.hostname or ""
        self.port = parts.port or PORTS[parts.scheme]
        self.scheme = parts.scheme
        self.name = f"{self.host}{'' if parts.port is None else f':{parts.port}'}"
        self.not_before: datetime | None = None
        self._reason = ""
        self._failures = 0
        self._tag = ""
        self._tagged: tuple[str, Any] = ("", None)

    def quotes(self, tickers: Sequence[str], step: int, now: datetime) -> Quotes:  # noqa: ARG002 - as the interface
        """Return the prices of now."""
        body = self._get(tickers, now)
        prices, previous = {}, {}
        given = body.get("prices")
        if not isinstance(given, Mapping):
            raise FeedError(f"{self.name} answered without prices. Its form is in the guide on portfolios.")
        for ticker in tickers:
            found = given.get(ticker)
            price, before = (found.get("price"), found.get("previous")) if isinstance(found, Mapping) else (found, None)
            if _is_price(price):
                prices[ticker] = float(price)
                if _is_price(before):
                    previous[ticker] = float(before)
        if not prices:
            raise FeedError(f"{self.name} has no price of any of the holdings. Look at the tickers.")
        return Quotes(_time(body.get("as_of"), now), prices, previous)

    def history(
        self,
        tickers: Sequence[str],
        step: int,  # noqa: ARG002 - as the interface
        now: datetime,
        days: int,
    ) -> Mapping[str, Sequence[tuple[date, float]]]:
        """Return the closing prices of the days before today, where the service has them."""
        body = self._get(tickers, now, days=days)
        found = body.get("history")
        if not isinstance(found, Mapping):
            return {}
        listed: dict[str, list[tuple[date, float]]] = {}
        for ticker in tickers:
            rows = found.get(ticker)
            if isinstance(rows, Mapping):
                dated = [(_day(day), price) for day, price in rows.items()]
                listed[ticker] = sorted(
                    (day, float(price)) for day, price in dated if day is not None and _is_price(price)
                )[-days:]
        return listed

    def _get(self, tickers: Sequence[str], now: datetime, **more: Any) -> Mapping[str, Any]:
        if self.not_before is not None and now < self.not_before:
            raise FeedError(f"{self._reason} It is asked again at {self.not_before:%H:%M:%S} UTC.")
        try:
            body = self._request(sorted(tickers), more)
        except _Pause as pause:
            self._failures += 1
            wait = pause.seconds or min(FIRST_PAUSE * 2 ** (self._failures - 1), LONGEST_PAUSE)
            self.not_before, self._reason = now + timedelta(seconds=wait), str(pause)
            raise FeedError(str(pause)) from pause
        self.not_before, self._failures = None, 0
        return body

    def _request(self, tickers: Sequence[str], more: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            addresses = resolve(self.host, self.port, {self.host} if self.private else ())
        except DeliveryError as error:
            raise _Pause(f"{error}. Ask an administrator to look at the source of prices.") from error
        query = httpx.QueryParams({"tickers": ",".join(tickers), **more})
        url = httpx.URL(self.address).copy_merge_params(query)
        request = str(url)
        headers = {"Host": self.name, "User-Agent": AGENT, "Accept": "application/json"}
        headers |= {"Authorization": f"Bearer {self.key}"} if self.key else {}
        headers |= {"If-None-Match": self._tag} if self._tag and self._tagged[0] == request else {}
        pinned = url.copy_with(host=addresses[0][1][0])
        try:
            with (
                httpx.Client(timeout=TIMEOUT, trust_env=False, follow_redirects=False) as client,
                client.stream("GET", pinned, headers=headers, extensions={"sni_hostname": self.host}) as answer,
            ):
                return self._read(answer, request)
        except httpx.TimeoutException as error:
            raise _Pause(f"{self.name} did not answer within {TIMEOUT:g} s.") from error
        except httpx.HTTPError as error:
            raise _Pause(f"{self.name} does not answer: {error}.") from error

    def _read(self, answer: httpx.Response, request: str) -> Mapping[str, Any]:
        if answer.status_code == 304:
            return dict(self._tagged[1])
        if answer.status_code in {401, 403}:
            raise _Pause(f"{self.name} refuses the key ({answer.status_code}). An administrator sets another one.")
        if answer.status_code != 200:
            seconds = _retry_after(answer.headers.get("Retry-After", ""))
            raise _Pause(f"{self.name} answers with the status {answer.status_code}.", seconds)
        content = bytearray()
        for piece in answer.iter_bytes():
            content += piece
            if len(content) > LARGEST:
                raise _Pause(f"{self.name} sends more than {LARGEST:,} bytes.")
        try:
            body = httpx.Response(200, content=bytes(content)).json()
        except ValueError as error:
            raise _Pause(f"{self.name} answers with something that is no JSON.") from error
        if not isinstance(body, Mapping):
            raise _Pause(f"{self.name} answers with something other than an object.")
        self._tag, self._tagged = answer.headers.get("ETag", ""), (request, body)
        return body


class _Pause(Exception):  # noqa: N818 - what follows from it
    """A failure after which a service is left alone for a while; `seconds` where it says for how long."""

    def __init__(self, words: str, seconds: float | None = None) -> None:
        super().__init__(words)
        self.seconds = seconds


def _is_price(value: Any) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value) and value > 0


def _time(value: Any, now: datetime) -> datetime:
    try:
        found = datetime.fromisoformat(str(value))
    except ValueError:
        return now
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _day(value: Any) -> date | None:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        return None


def _retry_after(value: str) -> float | None:
    if value.isdecimal():
        return min(float(value), LONGEST_PAUSE)
    try:
        wait = (parsedate_to_datetime(value) - datetime.now(UTC)).total_seconds()
    except (TypeError, ValueError):
        return None
    return min(max(wait, 1.0), LONGEST_PAUSE)
