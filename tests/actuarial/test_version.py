"""The library's version, its list of modules, and the models that name it."""

import hashlib
import json
import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import actuarial

LIBRARY = Path(actuarial.__file__).parent
FUNCTIONS = LIBRARY.parent / "functions"
MODULES = sorted(p for p in LIBRARY.glob("*.py") if p.stem != "__init__")
# Of all modules, as of this version. Where it no longer fits: a change that moves a figure raises the second number of
# the version and the least version in the manifests of the models that use it; then, or where no figure moves, write
# the new value here.
FINGERPRINT = "763216f2fc4dd701"


def fingerprint():
    text = "".join(f"{path.name}\n{path.read_text()}" for path in MODULES)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def test_the_code_is_that_of_the_version():
    assert (actuarial.__version__, fingerprint()) == ("1.0.0", FINGERPRINT)


def test_the_readme_lists_every_module():
    listed = re.findall(r"^\| `(\w+)` \|", (LIBRARY / "README.md").read_text(), re.MULTILINE)
    assert sorted(listed) == [p.stem for p in MODULES]


@pytest.mark.parametrize("folder", sorted(p.parent for p in FUNCTIONS.glob("*/manifest.json")), ids=lambda p: p.name)
def test_a_model_names_the_library_when_it_imports_it_at_the_present_minor_version(folder):
    imports = any(re.search(r"^(from|import) actuarial\b", p.read_text(), re.MULTILINE) for p in folder.glob("*.py"))
    wanted = json.loads((folder / "manifest.json").read_text()).get("requirements", [])
    named = [Requirement(text) for text in wanted if text.startswith("tontine-actuarial")]
    assert bool(named) == imports
    present = Version(actuarial.__version__)
    for requirement in named:
        assert requirement.specifier.contains(present)
        assert not requirement.specifier.contains(f"{present.major + 1}.0")
