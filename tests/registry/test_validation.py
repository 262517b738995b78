"""A folder is read and checked as a whole before anything of it is published."""

import json

import pytest

from contract.errors import ManifestError
from registry.validation import validate_model

CODE = b"def run(inputs):\n    return {}\n"
MANIFEST = {"name": "Probe", "inputs": {"n": {"type": "number", "default": 1}}}


def model(manifest=MANIFEST, cases=None, code=CODE, **files):
    found = {"manifest.json": manifest if isinstance(manifest, bytes) else json.dumps(manifest).encode()}
    found["function.py"] = code
    if cases is not None:
        found["cases.json"] = cases if isinstance(cases, bytes) else json.dumps(cases).encode()
    return {**found, **files}


def wheres(**parts):
    with pytest.raises(ManifestError) as caught:
        validate_model(model(**parts))
    assert caught.value.problems
    return [p.where for p in caught.value.problems]


def test_a_folder_that_keeps_the_contract_becomes_a_version_with_its_cases_and_readme():
    cases = [{"name": "one", "inputs": {"n": 2}, "expect": {"summary.a": 1}}]
    found = validate_model(model(cases=cases, **{"README.md": b"# Probe\0"}))
    assert (found.manifest.name, found.cases[0].name, found.raw_cases) == ("Probe", "one", cases)
    assert found.readme == "# Probe\ufffd"
    assert len(found.hash) == 64


def test_problems_of_manifest_cases_and_code_come_together():
    manifest = {"name": "", "inputs": {"n": {"type": "nope"}}}
    found = wheres(manifest=manifest, cases=b"[", code=b"def other():\n    pass\n")
    assert found == ["manifest.json name", "manifest.json inputs.n.type", "cases.json", "function.py"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"name": "a", "x": NaN}',
        b'{"name": "a", "x": 1e999}',
        b'{"name": "a", "x": -Infinity}',
        b'{"name": "a\\u0000"}',
        b'{"name": "a", "\\ud800": 1}',
    ],
)
def test_a_manifest_that_is_no_object_of_json_or_cannot_be_stored_is_refused_with_a_problem(content):
    assert all(where.startswith("manifest.json") for where in wheres(manifest=content))


def test_a_backslash_before_u0000_is_only_a_backslash():
    raw = {"name": "Probe", "inputs": {"a": {"type": "text", "pattern": "^[^\\u0000]*$"}}}
    assert validate_model(model(manifest=raw)).manifest.inputs["a"].pattern == "^[^\\u0000]*$"


@pytest.mark.parametrize(
    "code",
    [
        b"async def run(inputs):\n    return {}\n",
        b"def run(inputs):\n    yield {}\n",
        b"run = print\n",
        b"from helper import run\n",
        b"from helper import work as run\n",
        b"from helper import *\n",
    ],
)
def test_each_way_to_define_run_is_seen(code):
    assert validate_model(model(code=code)).manifest.name == "Probe"


@pytest.mark.parametrize(
    "code", [b"", b"x = 1\n", b"def run(:\n", b"a\0b", b"(" * 5_000, b"-" * 100_000 + b"1\n", b"\xff"]
)
def test_code_that_does_not_compile_or_defines_no_run_is_refused(code):
    assert wheres(code=code) == ["function.py"]


def test_code_is_read_and_never_run(tmp_path):
    mark = tmp_path / "ran"
    validate_model(model(code=f"open({str(mark)!r}, 'w')\ndef run(i):\n    return {{}}\n".encode()))
    assert not mark.exists()


def test_a_case_with_an_input_that_does_not_fit_is_named_by_its_place():
    assert wheres(cases=[{"name": "one", "inputs": {"n": 500}}]) == ["cases.json cases[0].inputs.n"]
    assert wheres(cases=[{"inputs": {}}, {"name": "b", "rtol": -1}]) == [
        "cases.json cases[0]",
        "cases.json cases[1].rtol",
    ]


@pytest.mark.parametrize(
    "text", ["tontine-actuarial>=1.0,<2", "Tontine_Actuarial", "numpy>=2", "not a requirement at all"]
)
def test_a_requirement_that_is_met_or_not_on_the_shared_library_is_accepted(text):
    assert validate_model(model(manifest=MANIFEST | {"requirements": [text]})).manifest.requirements == (text,)


@pytest.mark.parametrize(
    "text", ["tontine-actuarial>=9", "tontine-actuarial<1", "tontine-actuarial =>1", "tontine-actuarial>="]
)
def test_a_requirement_on_the_shared_library_that_is_not_met_is_refused(text):
    assert wheres(manifest=MANIFEST | {"requirements": ["numpy", text]}) == ["manifest.json requirements[1]"]


def test_syntax_that_only_another_python_knows_is_left_to_that_python_and_a_missing_run_is_not():
    newer = b"def run(inputs): return inputs ?? {}\n"
    for python, refused in (("3.98", False), (None, True)):
        asked = MANIFEST | ({"python": python} if python else {})
        files = {**model(manifest=asked), "function.py": newer}
        if refused:
            with pytest.raises(ManifestError, match="does not compile"):
                validate_model(files)
        else:
            assert validate_model(files).manifest.python == python
        with pytest.raises(ManifestError, match="defines no run"):
            validate_model({**files, "function.py": b"x = 1\n"})
