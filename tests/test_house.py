"""The table of rooms in ARCHITECTURE.md, enforced."""

import ast
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
ROW = re.compile(r"^\| `([\w.]+)` \|[^|]*\|([^|]*)\|$", re.MULTILINE)
TABLE = {room: allowed.split() for room, allowed in ROW.findall((ROOT / "ARCHITECTURE.md").read_text())}
OURS = {room.removesuffix(".py") for room in TABLE}
GUARDED = {
    "streamlit": {"app.py", "pages", "ui"},
    "fastapi": {"app.py", "api"},
    "fastapi_offline": {"api"},
    "starlette": {"app.py", "api"},
    "sqlalchemy": {"storage", "engine/runs/job_queue.py"},
    "psycopg": {"storage", "engine/runs/job_queue.py"},
    "alembic": {"storage"},
    "opentelemetry": {"engine/observability/otel.py"},
    "settings": {"app.py", "worker.py", "engine/commands"},
    "mcp": {"api/mcp"},
    "mcp_types": {"api/mcp"},
    "tontine": {"client", "engine/commands"},
    "typer": {"client", "engine/commands"},
    "procrastinate": {"engine/runs/job_queue.py", "storage"},
}
CHILD = {"zygote", "child", "points", "confine", "convert", "socket_shim", "actuarial_library"}


def files():
    command = ["git", "ls-files", "-co", "--exclude-standard", "*.py"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    return [f for f in listed if (ROOT / f).is_file() and not f.startswith(("tests/", "benchmarks/"))]


def imports(path):
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name.split(".")[0]) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.lineno, node.module.split(".")[0]


def test_the_table_lists_every_room_and_no_other():
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    tops = {f.split("/")[0] for f in listed if "/" in f and not f.startswith(".")}
    scripts = {f for f in listed if f.endswith(".py") and "/" not in f}
    assert tops | scripts == set(TABLE)


@pytest.mark.parametrize("path", files())
def test_a_file_imports_only_what_its_room_may(path):
    room = path.split("/")[0]
    allowed = {*TABLE[room], room.removesuffix(".py")}
    own = {p.stem for p in (ROOT / path).parent.glob("*.py")} if room == "functions" else set()
    for line, name in imports(path):
        if name in OURS and name not in own and name not in allowed:
            pytest.fail(f"{path}:{line} imports {name}; {room} may import {' '.join(sorted(allowed))}")
        if name in GUARDED and room != "functions":
            at_home = any(path == home or path.startswith(home + "/") for home in GUARDED[name])
            assert at_home, f"{path}:{line} imports {name}, which belongs to {', '.join(sorted(GUARDED[name]))}"


@pytest.mark.parametrize("name", sorted(CHILD))
def test_the_files_of_the_child_process_import_nothing_of_ours_but_each_other(name):
    for line, found in imports(f"engine/sandbox/{name}.py"):
        assert found not in OURS, f"engine/sandbox/{name}.py:{line} imports {found}"


def test_the_queues_tables_and_functions_are_named_in_one_file():
    named = {path for path in files() if re.search(r"procrastinate_\w+", (ROOT / path).read_text())}
    assert named == {"storage/queue_jobs.py"}


def test_only_settings_reads_the_environment():
    readers = [
        path
        for path in files()
        if not path.startswith("functions/") and re.search(r"os\.(getenv|environ(\.get|\[))", (ROOT / path).read_text())
    ]
    # PostgreSQL's own programs are started with our PATH.
    assert set(readers) <= {"settings.py", "storage/postgres_binaries.py"}


@pytest.mark.parametrize("path", [f for f in files() if f.startswith(("pages/", "ui/", "api/"))])
def test_pages_ui_and_api_reach_the_database_through_the_engine_only(path):
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if isinstance(node, ast.Attribute) and node.attr in {"database", "listener"}:
            pytest.fail(f"{path}:{node.lineno} uses the context's {node.attr}; call a verb of the engine")


@pytest.mark.parametrize(("room", "home"), [("ui", "ui/shell/session.py"), ("pages", None), ("api", "api/auth.py")])
def test_an_actor_is_made_in_one_place_of_each_room(room, home):
    makers = {
        path
        for path in files()
        if path.startswith(f"{room}/")
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Actor")
        or (isinstance(node, ast.Attribute) and node.attr == "user" and ast.unparse(node.value).endswith("current()"))
    }
    assert makers == ({home} if home else set())


@pytest.mark.parametrize("path", [f for f in files() if f.startswith("pages/")])
def test_a_page_is_a_thin_script(path):
    assert (ROOT / path).read_text().count("\n") <= 120


# Who reads runs without asking whose they may be: a worker's own upkeep, and a run that was asked for just before.
READS_ALL_RUNS = {"engine/webhooks/deliver.py": {"get_run"}, "engine/runs/visibility.py": {"get_run"}}
READINGS_OF_RUNS = {
    "get_run",
    "read_snapshot",
    "search_runs",
    "count_runs",
    "usage_stats",
    "read_summaries",
    "find_reusable",
}


@pytest.mark.parametrize("path", [f for f in files() if f.startswith("engine/")])
def test_whoever_reads_runs_from_storage_says_for_whom(path):
    for node in ast.walk(ast.parse((ROOT / path).read_text())):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        storage = isinstance(node.func.value, ast.Name) and node.func.value.id in {"runs", "search", "summaries"}
        if storage and node.func.attr in READINGS_OF_RUNS - READS_ALL_RUNS.get(path, set()):
            named = {keyword.arg for keyword in node.keywords}
            assert "viewer" in named, f"{path}:{node.lineno} reads runs without a viewer: see engine/runs/visibility.py"
