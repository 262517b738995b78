"""Choose where prices of portfolio sessions come from: `python -m engine.commands.market show|replay|random|http`.

Chosen: a command, as for grants, because it grants a host and a key to the installation; it joins the embedded server
while Tontine runs and starts it where it does not.
Left out: what a source is, which is `engine.portfolio.market_source`.
"""

import argparse
import sys
from collections.abc import Sequence

import settings as settings_module
from contract.actor import Actor
from engine.commands.installation import exit_code, open_database, operator_name
from engine.portfolio.feeds import BENCHMARK
from engine.portfolio.market_source import choose_random_walk, choose_replay, describe_source, grant_http_source
from settings import Settings
from storage.database import Database


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """Show or choose the source; return 1 where it cannot be done."""
    given = _argument_parser().parse_args(arguments)

    def run() -> int:
        with open_database(settings or settings_module.read_settings()) as database:
            _run_command(given, database)
            print(describe_source(database, actor=Actor(operator_name())))
        return 0

    return exit_code(run)


def _run_command(given: argparse.Namespace, database: Database) -> None:
    actor = Actor(operator_name())
    if given.what == "replay":
        choose_replay(database, actor=actor)
    elif given.what == "random":
        choose_random_walk(database, given.seed, actor=actor)
    elif given.what == "http":
        options = {"secret": given.secret, "benchmark": given.benchmark, "private": given.private_address}
        grant_http_source(database, given.address, actor=actor, **options)


def _argument_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine.commands.market", description="Choose where prices of portfolio sessions come from."
    )
    verbs = parser.add_subparsers(dest="what", required=True)
    verbs.add_parser("show", help="where they come from now")
    verbs.add_parser("replay", help="the shipped history, a day at each update")
    random = verbs.add_parser("random", help="random walks of any ticker")
    random.add_argument("--seed", type=int, default=1, help="equal seeds give equal prices")
    http = verbs.add_parser("http", help="grant an HTTP service and its key")
    http.add_argument("address", help="https://host/path; the guide on portfolio sessions has the form of its answer")
    http.add_argument("--secret", default="", help="the name of the secret that is its key, not its value")
    http.add_argument("--benchmark", default=BENCHMARK, help="the ticker that betas are measured against")
    http.add_argument(
        "--private-address", action="store_true", help="grant a host whose address is not on the public internet"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
