"""The contract's files import each other in one direction."""

import ast
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def imported_modules():
    """Return the contract's modules with those that each imports, wherever in the file it does."""
    paths = {".".join(p.relative_to(ROOT).with_suffix("").parts): p for p in (ROOT / "contract").rglob("*.py")}
    files = {name.removesuffix(".__init__"): path for name, path in paths.items()}
    found = {}
    for name, path in files.items():
        named = set()
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                named |= {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                named |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
        found[name] = (named & set(files)) - {name}
    return found


def test_no_file_of_the_contract_imports_one_that_imports_it():
    left = imported_modules()
    assert len(left) > 30
    while ready := {name for name, needed in left.items() if not needed & set(left)}:
        left = {name: needed for name, needed in left.items() if name not in ready}
    assert left == {}, "these import each other"
