"""A model's call as code: whatever the inputs are, what is written is read back as the same request."""

import ast
import json
import re
import shlex
import shutil
import subprocess
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from contract.inputs import validate
from contract.manifest import parse
from contract.query_inputs import parse_query
from ui.code import excel_call, r_call, shell_call
from ui.code.model_call import LONGEST_BODY, REQUEST_FILE, ModelCall, dump_json, make_call
from ui.code.python_call import python_code

SERVER = "https://models.example.com:8443"
NASTY = [
    'it\'s; rm -rf ~ $(id) `id` "quoted" \\ !! %PATH% ${HOME}',
    "'\\''",
    ')"',
    ')-"',
    ')---"---(',
    '#(lf) #(#) ""',
    "{\"inputs\": 1}\n'''\nJSON\nEOF",
    "\x00\x1b[31m\u202e\u2028\u00a0é漢🙂\u200d",
    "</script><img src=x onerror=alert(1)>",
    "@request.json",
]
TEXTS = st.text() | st.sampled_from(NASTY)
NUMBERS = st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False)
VALUES = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
INPUTS = st.dictionaries(st.from_regex(r"[a-z]\w{0,8}", fullmatch=True), VALUES, max_size=5)
many = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))


def call_of(inputs, **more):
    return ModelCall(server=SERVER, app_id=7, slug="probe", inputs=inputs, **more)


def every_nasty_text(test):
    for text in NASTY:
        test = example({"text": text, "rows": [{"a": text}, {"a": None}]})(test)
    return test


@every_nasty_text
@given(INPUTS)
@many
def test_json_is_read_back_unchanged_and_has_only_characters_that_can_be_seen(inputs):
    text = dump_json(inputs)
    assert json.loads(text) == inputs
    assert all(c.isprintable() or c == "\n" for c in text)
    text.encode()


@every_nasty_text
@given(INPUTS)
@many
def test_a_shell_reads_the_body_and_the_address_back(inputs):
    call = call_of(inputs, sign_in=True)
    words = shlex.split(shell_call.shell_code(call))
    assert words[0] == "curl"
    assert f"{SERVER}/api/apps/7/run?wait=300" in words
    assert "Authorization: Bearer $TONTINE_TOKEN" in words
    assert_body(words[words.index("--data-binary") + 1], call)


def assert_body(text, call):
    if call.needs_file:
        assert text == f"@{REQUEST_FILE}"
    else:
        assert json.loads(text) == call.request


@pytest.mark.processes
@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash here")
@given(st.lists(INPUTS, min_size=1, max_size=20))
@example([{"text": text} for text in NASTY])
@settings(deadline=None, max_examples=20, suppress_health_check=list(HealthCheck))
def test_bash_gives_curl_the_very_words(inputs):
    calls = [call_of(one) for one in inputs]
    script = "curl() { printf '%s\\0' \"$@\"; printf '\\0'; }\n" + "\n".join(map(shell_call.shell_code, calls))
    done = subprocess.run(["bash"], input=script.encode(), capture_output=True, check=True)
    assert done.stderr == b""
    found = [one.split(b"\0") for one in done.stdout.split(b"\0\0")[:-1]]
    assert len(found) == len(calls)
    for words, call in zip(found, calls, strict=True):
        assert_body(words[-1].decode(), call)


@every_nasty_text
@given(INPUTS)
@many
def test_python_holds_the_very_inputs(inputs):
    call = call_of(inputs, version="f" * 64)
    if call.needs_file:
        return
    tree = ast.parse(python_code(call))
    assigned = [node for node in tree.body if isinstance(node, ast.Assign)]
    assert ast.literal_eval(assigned[0].value) == inputs
    assert [type(node).__name__ for node in tree.body] == ["ImportFrom", "Assign", "With", "Expr"]


def tokens_of_r(code):
    """Return the strings of R code, raw and plain, by R's own rules, and refuse what else has a quote in it."""
    found, at = [], 0
    while at < len(code):
        raw = re.compile(r'[rR]"(-*)\(').match(code, at)
        if raw:
            end = code.index(f'){raw[1]}"', raw.end())  # the first end counts
            found.append(code[raw.end() : end])
            at = end + len(raw[1]) + 2
        elif code[at] == '"':
            plain = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL).match(code, at)
            found.append(re.sub(r"\\(.)", r"\1", plain[1]))
            at = plain.end()
        else:
            assert code[at] not in "'`\\#"
            at += 1
    return found


@every_nasty_text
@given(INPUTS)
@many
def test_r_holds_the_very_body(inputs):
    call = call_of(inputs, sign_in=True)
    found = tokens_of_r(r_call.r_code(call))
    assert call.run_url in found
    assert found.count("TONTINE_TOKEN") == 1
    assert (REQUEST_FILE in found) if call.needs_file else (json.loads(found[0]) == call.request)


@given(TEXTS)
@many
def test_raw_strings_of_r_end_where_they_should(text):
    assert tokens_of_r(r_call.raw_string(text)) == [text]


@pytest.mark.processes
@pytest.mark.skipif(shutil.which("Rscript") is None, reason="there is no R here")
def test_r_itself_reads_the_body_back(tmp_path):
    for text in NASTY:
        call = call_of({"text": text})
        script = f"body <- {r_call.raw_string(call.body)}\nwriteBin(charToRaw(enc2utf8(body)), stdout())\n"
        (tmp_path / "body.R").write_text(script, encoding="utf-8")
        done = subprocess.run(["Rscript", "--encoding=UTF-8", tmp_path / "body.R"], capture_output=True, check=True)
        assert json.loads(done.stdout) == call.request


def strings_of_m(code):
    """Return the text literals of M code, by its own rules; those of quoted identifiers are left out."""
    found, at = [], 0
    while at < len(code):
        quoted = code.startswith('#"', at)
        if quoted or code[at] == '"':
            literal = re.compile(r'#?"((?:[^"]|"")*)"').match(code, at)
            text = literal[1].replace('""', '"')
            if not quoted:
                found.append(re.sub(r"#\((#|lf)\)", lambda m: {"#": "#", "lf": "\n"}[m[1]], text))
            assert not re.search(r"#\((?!#\)|lf\))", literal[1])  # no other escape
            at = literal.end()
        else:
            at += 1
    return found


@every_nasty_text
@given(INPUTS)
@many
def test_power_query_holds_the_very_body(inputs):
    call = call_of(inputs)
    code = excel_call.power_query(call)
    found = strings_of_m(code)
    assert call.run_url in found
    bodies = [text for text in found if text.startswith("{")]
    assert bodies == [] if call.needs_file else [json.loads(body) for body in bodies] == [call.request]
    assert "TONTINE_TOKEN" not in code
    assert 'Authorization = "Bearer " & TONTINE_TOKEN' in excel_call.power_query(call_of(inputs, sign_in=True))


FIELDS = {
    "age": {"type": "integer", "label": "Age", "max": 100, "default": 45},
    "rate": {"type": "number", "label": "Rate", "max": 1, "step": 0.01, "default": 0.1},
    "figure": {"type": "text", "label": "Figure", "required": False},
    "day": {"type": "date", "label": "Day", "default": "2026-01-31"},
    "kinds": {"type": "multiselect", "label": "Kinds", "options": ["a,b", "c"], "default": ["c"]},
    "rows": {"type": "table", "label": "Rows", "columns": {"paid": {"type": "number"}}, "default": [{"paid": 0.1}]},
}
MANIFEST = parse({"name": "Probe", "inputs": FIELDS, "deterministic": True}, {})
FITTING = st.fixed_dictionaries(
    {
        "age": st.integers(0, 100),
        "rate": st.integers(0, 100).map(lambda n: n / 100),
        "figure": TEXTS.filter(lambda text: text.strip() and len(text) < 300),
        "day": st.dates().map(str),
        "kinds": st.lists(st.sampled_from(["a,b", "c"]), unique=True),
        "rows": st.lists(st.fixed_dictionaries({"paid": st.floats(allow_nan=False, allow_infinity=False)})),
    }
)


@given(FITTING, TEXTS)
@many
def test_a_cell_asks_for_the_very_inputs(values, figure):
    call = make_call(MANIFEST, values, server=SERVER, app_id=7, slug="probe")
    refusal = excel_call.cell_refusal(call, figure)
    address = excel_call.cell_address(call, figure)
    assert (refusal is not None) == (len(address) > excel_call.LONGEST_ADDRESS)
    query = parse_qsl(urlsplit(address).query, keep_blank_values=True, strict_parsing=True)
    assert parse_query(MANIFEST, query) == {key: value for key, value in values.items() if key not in call.left_out}
    assert dict(query).get("figure", "") == figure
    formula = excel_call.cell_formula(call, figure)
    constants = re.findall(r'"([^"]*)"', formula)
    assert "".join(constants[:-1]) == address
    assert max(map(len, constants)) <= 255
    assert (
        re.sub(r'"[^"]*"', "s", formula).replace("s&", "")
        == "=LET(answer,WEBSERVICE(s),IFERROR(NUMBERVALUE(answer,s),answer))"
    )


def test_a_default_table_is_left_out_and_everything_else_is_written():
    values = {"age": 45, "rate": 0.1, "figure": None, "day": "2026-01-31", "kinds": ["c"], "rows": [{"paid": 0.1}]}
    call = make_call(MANIFEST, values, server=SERVER, app_id=7, slug="probe")
    assert call.inputs == {"age": 45, "rate": 0.1, "day": "2026-01-31", "kinds": ["c"]}
    assert call.left_out == ("rows",)
    assert "# rows: the model's default" in python_code(call)
    changed = make_call(MANIFEST, {**values, "rows": [{"paid": 2.0}]}, server=SERVER, app_id=7, slug="probe")
    assert changed.inputs["rows"] == [{"paid": 2.0}]
    assert validate(MANIFEST, changed.inputs)["rows"] == [{"paid": 2.0}]


def test_long_inputs_come_from_a_file_in_every_language():
    call = call_of({"rows": [{"paid": n} for n in range(LONGEST_BODY)]})
    assert call.needs_file
    codes = (shell_call.shell_code, python_code, r_call.r_code, excel_call.power_query)
    for code in (write(call) for write in codes):
        assert REQUEST_FILE in code
        assert len(code) < LONGEST_BODY
    assert json.loads(call.body) == call.request
    ast.parse(python_code(call))


def test_no_cell_calls_what_is_random_or_asks_who_calls():
    assert "another result" in excel_call.cell_refusal(call_of({}, deterministic=False), None)
    assert "no token" in excel_call.cell_refusal(call_of({}, sign_in=True), None)
    assert excel_call.cell_refusal(call_of({}), None) is None


def test_a_token_is_named_and_never_written():
    call = call_of({"age": 1}, sign_in=True)
    assert 'environ["TONTINE_TOKEN"]' in python_code(call)
    assert 'Sys.getenv("TONTINE_TOKEN")' in r_call.r_code(call)
    assert '"Authorization: Bearer $TONTINE_TOKEN"' in shell_call.shell_code(call)
    for write in (python_code, r_call.r_code, shell_call.shell_code, excel_call.power_query):
        assert "TOKEN" not in write(call_of({"age": 1}))
