"""A client of a portfolio session: `python portfolio_client.py http://localhost:8501 AAPL MSFT`.

It opens a session, asks for an analysis of each ticker, prints what comes, and closes the session. Where the connection
breaks off it comes again with the number of its last message and loses none. It needs the package `websockets`; where
people sign in, give it an API token: `--token tontine_...`.
"""

import argparse
import json
import sys
import urllib.request

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

HOLDINGS = [
    {"ticker": "AAPL", "quantity": 100, "cost": 30.0},
    {"ticker": "IBM", "quantity": 50, "cost": 75.0},
    {"ticker": "MSFT", "quantity": 120, "cost": 24.0},
]


def main(server: str, tickers: list[str], token: str = "") -> int:
    """Analyse each ticker and print its metrics as they arrive."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    session = ask(server, "POST", "/api/portfolio/sessions", headers, {"name": "Demo", "holdings": HOLDINGS})
    print(f"session {session['id']}")
    try:
        return 0 if watch(server, session["id"], list(tickers), headers) else 1
    finally:
        ask(server, "DELETE", f"/api/portfolio/sessions/{session['id']}", headers)


def watch(server: str, session: str, waiting: list[str], headers: dict[str, str]) -> bool:
    """Follow the session until every ticker has been analysed; whether all of them were."""
    address = f"{server.replace('http', 'ws', 1)}/api/ws/portfolio/{session}"
    last, current = None, None
    while True:
        with connect(address if last is None else f"{address}?after={last}", additional_headers=headers) as socket:
            try:
                for text in socket:
                    message = json.loads(text)
                    last, body = message["number"], message["body"]
                    priced = message["type"] in {"portfolio", "market_update"}
                    if priced:
                        print(f"{message['type']}: total {body['total']:,.2f} {body['currency']}")
                    elif message["type"] == "analysis_started":
                        print(f"analysis of {body['ticker']}, snapshot {body['snapshot_hash'][:12]}")
                    elif message["type"] == "analysis_result":
                        print(f"  {body['metric']}: {body['status']} {json.dumps(body['summary'])}")
                    elif message["type"] == "error":
                        for problem in body["problems"]:
                            print(
                                f"error: {problem['where']}: {problem['found']}. {problem['remedy']}", file=sys.stderr
                            )
                        return False
                    if message["type"] == "analysis_complete":
                        print(f"analysis of {body['ticker']} complete")
                        current = None
                        if not waiting:
                            return True
                    # The first prices may take a moment to come: an analysis waits for them.
                    if current is None and waiting and (not priced or not body["unpriced"]):
                        current = waiting.pop(0)
                        socket.send(json.dumps({"action": "analyze", "ticker": current}))
            except ConnectionClosed:
                print("the connection broke off; coming again", file=sys.stderr)


def ask(server: str, method: str, path: str, headers: dict[str, str], body: object = None) -> dict:
    """Send a request and return its answer."""
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(  # noqa: S310 - the address is the caller's own
        server + path, content, {"Content-Type": "application/json", **headers}, method=method
    )
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        return json.loads(answer.read() or b"{}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Analyse holdings of a portfolio session.")
    parser.add_argument("server", help="as http://localhost:8501")
    parser.add_argument("tickers", nargs="*", default=["AAPL"])
    parser.add_argument("--token", default="", help="an API token, where people sign in")
    given = parser.parse_args()
    sys.exit(main(given.server.rstrip("/"), given.tickers, given.token))
