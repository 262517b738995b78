"""Where prices come from: chosen by an administrator, who thereby grants the HTTP source's host and key.

Chosen: one choice for the whole installation, in the database and in the audit log, so that no process differs from
another. A host on a private address is granted in so many words.
Left out: the sources themselves (`engine.portfolio.feeds`, `engine.portfolio.http_feed`).
"""

from collections.abc import Mapping
from urllib.parse import urlsplit

from contract.actor import Actor
from contract.errors import InputError, SecretError
from contract.portfolio import parse_ticker
from contract.problems import Problem
from engine.authorization import Action, require
from engine.portfolio.feeds import BENCHMARK, Feed, FeedError, RandomWalkFeed, ReplayFeed
from engine.portfolio.http_feed import HttpFeed
from engine.secrets.values import read_secret
from storage import audit, market, users
from storage.database import Database
from storage.encryption import Cipher
from storage.market import SourceRow

KINDS = ("replay", "random_walk", "http")


def choose_replay(database: Database, *, actor: Actor) -> None:
    """Have prices come from the shipped history."""
    require(actor, Action.GRANT_ACCESS)
    _choose(database, "replay", {}, actor)


def choose_random_walk(database: Database, seed: int, *, actor: Actor) -> None:
    """Have prices come from random walks."""
    require(actor, Action.GRANT_ACCESS)
    _choose(database, "random_walk", {"seed": seed}, actor)


def grant_http_source(
    database: Database,
    address: str,
    *,
    actor: Actor,
    secret: str = "",
    benchmark: str = BENCHMARK,
    private: bool = False,
) -> None:
    """Have prices come from an HTTP service, which may know the value of `secret`.

    Args:
        database: the installation's.
        address: `https://host/path`.
        actor: who grants it.
        secret: the name of the secret that is its key; empty where it wants none.
        benchmark: the ticker that betas are measured against.
        private: grants an address that is not on the public internet.

    Raises:
        InputError: the address cannot be used.
    """
    require(actor, Action.GRANT_ACCESS)
    parts = urlsplit(address)
    hint = "Give https://host/path, without a name, password or query."
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.username or parts.query or parts.fragment:
        raise InputError([Problem("address", f"{address[:200]!r} cannot be used", hint)])
    if parts.scheme == "http" and not private:
        words = f"{address[:200]!r} is not encrypted"
        raise InputError([Problem("address", words, "Give https://, or grant a private address.")])
    options = {"address": address, "secret": secret, "benchmark": parse_ticker(benchmark, "benchmark")}
    _choose(database, "http", {**options, "private": private}, actor)


def describe_source(database: Database, *, actor: Actor) -> str:
    """Return where prices come from, in words, and who chose it."""
    require(actor, Action.READ_STATUS)
    with database.read() as conn:
        row = market.get_source(conn)
    if row is None:
        return f"{ReplayFeed.name}; nobody has chosen another source"
    options = ", ".join(f"{name} {value}" for name, value in row.options.items() if value)
    return f"{row.kind}{f' ({options})' if options else ''}, chosen by {row.set_by}, {row.set_at:%Y-%m-%d %H:%M %Z}"


def open_feed(row: SourceRow | None, database: Database, cipher: Cipher, environment: Mapping[str, str]) -> Feed:
    """Return the source as it is chosen; `environment` holds values of secrets that are not stored.

    Raises:
        FeedError: its key has no value here.
    """
    if row is None or row.kind == "replay":
        return ReplayFeed()
    if row.kind == "random_walk":
        return RandomWalkFeed(int(row.options.get("seed", 1)))
    name, key = str(row.options.get("secret") or ""), ""
    if name:
        try:
            key = read_secret(database, cipher, name)
        except SecretError as error:
            if name not in environment:
                raise FeedError(error.problems[0].text) from error
            key = environment[name]
    return HttpFeed(
        str(row.options["address"]),
        key=key,
        benchmark=str(row.options["benchmark"]),
        private=bool(row.options.get("private")),
    )


def same_key(one: Feed, other: Feed) -> bool:
    """Return whether two openings of a source have the same key; one that needs none always has."""
    return not (isinstance(one, HttpFeed) and isinstance(other, HttpFeed)) or one.key == other.key


def _choose(database: Database, kind: str, options: Mapping[str, object], actor: Actor) -> None:
    with database.begin() as conn:
        market.set_source(conn, kind, options, users.get_or_create_user(conn, actor.name))
        audit.append(conn, actor=actor.name, action="market.source_set", subject=kind, detail=dict(options))
        market.want_prices(conn)
