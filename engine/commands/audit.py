"""Read and verify the audit log: `python -m engine.commands.audit list|verify`.

Chosen: `verify` prints the last row's hash, to be kept elsewhere; `--expect` takes one that was kept, by which rows cut
off the end are found too. It returns 1 where the log was changed, for whoever runs it every night.
Left out: what is logged, which is each verb's.
"""

import argparse
import json
import sys
from collections.abc import Sequence

import settings as settings_module
from contract.actor import Actor
from engine.commands.installation import exit_code, open_installation, operator_name
from engine.people.audit import list_audit_rows, verify_audit_log
from engine.processes.context import AppContext
from settings import Settings


def main(arguments: Sequence[str] | None = None, settings: Settings | None = None) -> int:
    """List or verify; return 1 where the log was changed or cannot be read."""
    given = _argument_parser().parse_args(arguments)

    def run() -> int:
        read = settings or settings_module.read_settings()
        with open_installation(read) as context:
            return _verify(context, given) if given.what == "verify" else _list(context, given)

    return exit_code(run)


def _verify(context: AppContext, given: argparse.Namespace) -> int:
    found = verify_audit_log(context, actor=Actor(operator_name()), expected=given.expect)
    if given.json:
        print(json.dumps({"rows": found.rows, "last_hash": found.last_hash, "problem": found.problem}))
    elif found.intact:
        print(f"The audit log is intact: {found.rows:,} rows, the last one's hash is {found.last_hash}")
    else:
        print(f"The audit log was changed: {found.problem}. The {found.rows:,} rows before it are intact.")
    return 0 if found.intact else 1


def _list(context: AppContext, given: argparse.Namespace) -> int:
    actor = Actor(operator_name())
    rows = list_audit_rows(context, actor=actor, limit=given.limit, by=given.by, action=given.action)
    for row in rows:
        detail = json.dumps(row.detail, ensure_ascii=True)
        texts = (row.number, row.at.isoformat(timespec="seconds"), row.actor, row.action, row.subject, detail)
        print("\t".join(_plain(str(text)) for text in texts))
    return 0


def _plain(text: str) -> str:
    """Return text without what would steer the terminal."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def _argument_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m engine.commands.audit", description="Read and verify the audit log."
    )
    verbs = parser.add_subparsers(dest="what", required=True)
    listing = verbs.add_parser("list", help="the newest rows: number, moment, who, what was done, to what, detail")
    listing.add_argument("--limit", type=int, default=50, help="how many; 50 without it")
    listing.add_argument("--by", help="of this person only")
    listing.add_argument("--action", help="of this kind only, such as token or person.signed_in")
    verifying = verbs.add_parser("verify", help="recompute every row's hash")
    verifying.add_argument("--expect", help="a last hash that was kept: the log must still hold it")
    verifying.add_argument("--json", action="store_true", help="print JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
