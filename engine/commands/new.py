"""Begin a model: `python -m engine.commands.new NAME` writes a folder that passes every check.

Chosen: the folder of the guide's example, with a reference case, a README and files that run the checks in GitHub
Actions and GitLab; an author changes it rather than starting from nothing.
Left out: git. The author makes the repository.
"""

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[1] / "templates" / "model"
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
TITLE = "New model"  # in the template's files
HIDDEN = {"github": ".github", "gitlab-ci.yml": ".gitlab-ci.yml"}  # hidden in a repository, not among the templates


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the folder; return 1 where it is there already or cannot be called so."""
    parser = argparse.ArgumentParser(prog="python -m engine.commands.new", description="Begin a model.")
    parser.add_argument("name", help="the folder's name, such as lapse_study; the model's name in addresses")
    parser.add_argument("--in", dest="parent", type=Path, default=Path(), help="the folder to make it in")
    given = parser.parse_args(arguments)
    if not NAME.fullmatch(given.name):
        print(f"{given.name}: it is no name for an address. Use small letters, digits, - and _.", file=sys.stderr)
        return 1
    target = given.parent / given.name
    if target.exists():
        print(f"{target}: it is there already. Choose another name.", file=sys.stderr)
        return 1
    write_skeleton(target)
    print(f"{target} is a model. Change it, and check it: python -m engine.commands.check {target}")
    return 0


def write_skeleton(target: Path) -> None:
    """Write a model of the folder's name into the new folder `target`."""
    title = target.name.replace("_", " ").replace("-", " ").capitalize()
    for source in sorted(p for p in TEMPLATES.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        parts = source.relative_to(TEMPLATES).parts
        path = target.joinpath(HIDDEN.get(parts[0], parts[0]), *parts[1:])
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source.read_text(encoding="utf-8").replace(TITLE, title), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
