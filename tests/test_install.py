"""The environment is created from lock files that fit the ranges, by uv or else by pip, or one line reports why not."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[1]
RANGES = {
    "requirements.lock": ["requirements.txt"],
    "tests/requirements.lock": ["tests/requirements.txt", "requirements.txt"],
}
LOCKS = [*RANGES, "installer.lock"]
PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
# A stub for the environment's Python: it records the pip calls and fails where a test says so; all else is real.
PYTHON_STUB = """#!/bin/sh
case "$*" in
  "-m pip config list") cat "{config}" ;;
  "-m pip --version") ;;
  "-m pip install"*)
    echo "pip $*" >> "{log}"
    case "$*" in *installer.lock*) exit {no_uv} ;; *) exit {no_pip} ;; esac ;;
  "-m compileall"*) echo "$*" >> "{log}" ;;
  *) exec "{python}" "$@" ;;
esac
"""
UV_STUB = """#!/bin/sh
echo "uv $*" >> "{log}"
env | grep -E '^(UV_|SSL_|HTTPS?_PROXY)' >> "{log}"
exit {uv_fails}
"""


def requirements(name):
    """The requirements of a file of ranges or of a lock file, each with its hashes."""
    text = re.sub(r"\\\n\s*", "", (ROOT / name).read_text())
    found = []
    for line in text.splitlines():
        written = line.split(" --hash=")[0].partition(" #")[0].strip()
        if written and not written.startswith(("#", "-")):
            found.append((Requirement(written), HASH.findall(line)))
    return found


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_is_one_version_with_hashes(lock):
    for requirement, hashes in requirements(lock):
        assert [part.operator for part in requirement.specifier] == ["=="], requirement
        assert hashes, requirement


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_file_names_no_index_and_no_folder(lock):
    assert not re.search(r"://|--(index|extra-index|find-links)|(^|\s)/\w", (ROOT / lock).read_text())


@pytest.mark.parametrize("python", PYTHONS)
@pytest.mark.parametrize("platform", ["linux", "darwin"])
@pytest.mark.parametrize("lock", RANGES)
def test_a_lock_file_has_a_version_within_each_range_for_every_python(lock, platform, python):
    environment = {
        **default_environment(),
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": platform,
        "platform_system": platform.capitalize(),
        "extra": "",
    }
    locked = {}
    for requirement, _ in requirements(lock):
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = canonicalize_name(requirement.name)
            assert name not in locked, f"{name} is locked at two versions for Python {python} on {platform}"
            (part,) = requirement.specifier
            locked[name] = part.version
    ranges = [r for name in RANGES[lock] for r, _ in requirements(name)]
    assert len(ranges) > 20
    for requirement in ranges:
        if requirement.marker is None or requirement.marker.evaluate(environment):
            name = canonicalize_name(requirement.name)
            assert name in locked, f"{name} is not locked: run make lock"
            assert requirement.specifier.contains(locked[name], prereleases=True), (
                f"{name} {locked[name]}: run make lock"
            )


def test_the_tests_run_with_the_versions_that_the_application_is_installed_with():
    tests = {r.name: r.specifier for r, _ in requirements("tests/requirements.lock")}
    assert {r.name: r.specifier for r, _ in requirements("requirements.lock")}.items() <= tests.items()


@pytest.fixture
def project(tmp_path):
    """A copy of what the installation needs, in a folder of its own."""
    for name in ("install.sh", "Makefile", "tests/system.sh", *LOCKS):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    return tmp_path


def program(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)


def install(project, *, path=None, **environment):
    kept = {k: v for k, v in os.environ.items() if not re.match(r"PIP_|UV_|SSL_|HTTPS?_PROXY|PYTHON$|VENV$", k)}
    return subprocess.run(
        ["/bin/sh", "install.sh", "install", "requirements.lock"],
        cwd=project,
        env={**kept, **({"PATH": path} if path else {}), **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def stubbed(project, *, config="", no_uv=0, no_pip=0, uv_fails=0, **environment):
    """Install with an environment whose pip and uv only record their calls; return these with the outcome."""
    log, listed = project / "log", project / "config"
    log.touch()
    listed.write_text(config)
    program(
        project / ".venv/bin/python",
        PYTHON_STUB.format(config=listed, log=log, no_uv=no_uv, no_pip=no_pip, python=sys.executable),
    )
    program(project / ".venv/bin/uv", UV_STUB.format(log=log, uv_fails=uv_fails))
    # The configuration is read by another Python process, which has to use the same stub.
    (project / "sitecustomize.py").write_text(f"import sys\nsys.executable = {str(project / '.venv/bin/python')!r}\n")
    done = install(project, PYTHONPATH=str(project), **environment)
    return done, log.read_text().splitlines()


@pytest.mark.parametrize("version", ["2.7.18", "3.6.9", "3.10.14"])
def test_a_python_that_is_too_old_is_reported_in_one_line(project, tmp_path, version):
    program(tmp_path / "bin/python3", f"#!/bin/sh\nprintf {version}\n")
    (tmp_path / "bin/dirname").symlink_to(shutil.which("dirname"))
    done = install(project, path=str(tmp_path / "bin"))
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"Tontine: Python 3.11 or newer is needed. python3 is {version}. Install one and name it: "
        "make run PYTHON=python3.11"
    )
    assert not (project / ".venv").exists()


@pytest.mark.parametrize("version", ["3.11.0", "3.14.2", "3.100.1"])
def test_a_newer_python_under_another_name_is_taken_where_the_usual_one_is_too_old(project, tmp_path, version):
    program(tmp_path / "bin/python3", "#!/bin/sh\nprintf 3.9.2\n")
    program(
        tmp_path / "bin/python3.12",
        f'#!/bin/sh\ncase "$*" in *sys.version_info*) printf {version} ;; *) echo "asked: $*" ; exit 1 ;; esac\n',
    )
    (tmp_path / "bin/dirname").symlink_to(shutil.which("dirname"))
    done = install(project, path=str(tmp_path / "bin"))
    # It has no venv module: that it was asked for one shows that it was chosen.
    assert "python3.12 has no venv module" in done.stderr


def test_no_python_at_all_is_reported_in_one_line(project, tmp_path):
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/dirname").symlink_to(shutil.which("dirname"))
    done = install(project, path=str(tmp_path / "bin"))
    assert done.returncode == 1
    assert "Python 3.11 or newer is needed. None was found." in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_python_without_venv_is_reported_with_what_to_install(project, tmp_path):
    program(
        tmp_path / "no venv/python",
        '#!/bin/sh\ncase "$*" in *"import venv"*) exit 1 ;; *sys.version_info*) printf 3.11.2 ;; esac\n',
    )
    done = install(project, PYTHON=str(tmp_path / "no venv/python"))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"Tontine: {tmp_path}/no venv/python has no venv module. Install it")
    assert "apt install python3-venv" in line


def test_an_environment_whose_python_was_removed_is_created_again(project, tmp_path):
    program(
        tmp_path / "python3",
        '#!/bin/sh\ncase "$*" in *sys.version_info*) printf 3.11.2 ;; *"-m venv"*) echo "$*" >&2; exit 1 ;; esac\n',
    )
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/bin/python").symlink_to(tmp_path / "removed")
    done = install(project, PYTHON=str(tmp_path / "python3"))
    assert "-m venv --clear .venv" in done.stderr
    assert done.returncode == 1


def test_uv_installs_from_the_lock_with_hashes_and_pip_installs_only_uv(project):
    done, log = stubbed(project)
    assert done.returncode == 0, done.stderr
    asked = [line for line in log if line.startswith(("pip ", "uv "))]
    assert [line.split()[0] for line in asked] == ["pip", "uv"]
    assert asked[0].endswith("--require-hashes -r installer.lock")
    assert asked[1].endswith("--require-hashes -r requirements.lock")
    assert "UV_PYTHON_DOWNLOADS=never" in log


def test_what_uv_installed_is_compiled_without_the_packages_tests(project):
    _, log = stubbed(project)
    (compiled,) = [line for line in log if line.startswith("-m compileall")]
    pattern = re.compile(compiled.split()[compiled.split().index("-x") + 1])
    assert compiled.endswith("site-packages")
    assert pattern.search("/x/site-packages/pandas/tests/test_a.py")
    assert not pattern.search("/x/tests/tontine/.venv/lib/python3.11/site-packages/pandas/core/frame.py")


def test_each_step_is_reported(project):
    done, _ = stubbed(project)
    assert [line.split(":")[0] for line in done.stderr.splitlines()] == ["Tontine"] * 4
    assert f"installing the {len(requirements('requirements.lock'))} packages of requirements.lock" in done.stderr


def test_uv_gets_the_indexes_certificate_and_proxy_of_pips_configuration(project):
    config = r"""
global.index-url='https://global.example/simple'
global.extra-index-url='\nhttps://one.example/simple\nhttps://two.example/simple'
global.find-links='/wheels https://three.example/wheels'
global.cert='/certificates.pem'
global.trusted-host='one.example two.example'
global.timeout='7'
global.proxy="http://ada:it's@proxy.example:3128"
install.index-url='https://install.example/simple'
download.index-url='https://download.example/simple'
"""
    _, log = stubbed(project, config=config)
    assert {
        "UV_DEFAULT_INDEX=https://install.example/simple",
        "UV_INDEX=https://one.example/simple https://two.example/simple",
        "UV_FIND_LINKS=/wheels,https://three.example/wheels",
        "UV_INDEX_STRATEGY=unsafe-best-match",
        "UV_INSECURE_HOST=one.example two.example",
        "UV_HTTP_TIMEOUT=7",
        "SSL_CERT_FILE=/certificates.pem",
        "HTTPS_PROXY=http://ada:it's@proxy.example:3128",
    } <= set(log)


def test_a_variable_of_pip_overrides_its_files_as_in_pip(project):
    config = ":env:.index-url='https://env.example/simple'\nglobal.index-url='https://global.example/simple'"
    _, log = stubbed(project, config=config)
    assert "UV_DEFAULT_INDEX=https://env.example/simple" in log


def test_variables_of_uv_that_are_set_are_kept(project):
    config = "global.index-url='https://global.example/simple'"
    _, log = stubbed(project, config=config, UV_DEFAULT_INDEX="https://own.example/simple")
    assert "UV_DEFAULT_INDEX=https://own.example/simple" in log


def test_a_value_of_pips_configuration_is_never_run_by_the_shell(project):
    _, log = stubbed(project, config=f"global.index-url={'https://a.example/$(touch owned);`touch owned`'!r}")
    assert "UV_DEFAULT_INDEX=https://a.example/$(touch owned);`touch owned`" in log
    assert not (project / "owned").exists()


@pytest.mark.parametrize("trouble", ["no_uv", "uv_fails"])
def test_pip_installs_from_the_same_lock_where_uv_is_not_available_or_fails(project, trouble):
    done, log = stubbed(project, **{trouble: 1})
    assert done.returncode == 0, done.stderr
    last = [line for line in log if line.startswith(("pip ", "uv "))][-1]
    assert last.startswith("pip ")
    assert last.endswith("--require-hashes -r requirements.lock")
    assert "pip does the same now" in done.stderr


def test_packages_that_cannot_be_installed_at_all_end_the_start_with_what_to_check(project):
    done, _ = stubbed(project, no_uv=1, no_pip=1)
    assert done.returncode == 1
    assert "the packages could not be installed" in done.stderr
    assert "pip config list" in done.stderr


def test_pip_really_prints_its_configuration_in_the_form_that_is_read(project, tmp_path):
    """The tests above use a stub of pip; this one uses pip itself."""
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://file.example/simple\ncert = /c.pem\n")
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "UV_", "SSL_"))},
        "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"),
        "PIP_EXTRA_INDEX_URL": "https://one.example/simple https://two.example/simple",
        "VENV": sys.prefix,
    }
    text = (project / "install.sh").read_text()
    function = re.search(r"^uv_settings\(\) \{.*?^PYTHON\n\}\n", text, re.DOTALL | re.MULTILINE)[0]
    done = subprocess.run(
        ["/bin/sh", "-c", f"{function}\nuv_settings"], env=environment, capture_output=True, text=True, check=True
    )
    exported = dict(part.partition("=")[::2] for part in shlex.split(done.stdout) if part != "export")
    assert exported["UV_DEFAULT_INDEX"] == "https://file.example/simple"
    assert exported["UV_INDEX"] == "https://one.example/simple https://two.example/simple"
    assert exported["SSL_CERT_FILE"] == "/c.pem"


@pytest.mark.parametrize("target", ["run", "test"])
def test_make_installs_again_where_the_environments_python_was_removed_and_not_otherwise(project, target):
    make = ["make", "-n", f".venv/.{target}"]
    program(project / ".venv/bin/python", "#!/bin/sh\n")
    os.utime(project / ".venv/bin/python", (0, 0))
    (project / f".venv/.{target}").touch()
    done = subprocess.run(make, cwd=project, capture_output=True, text=True, check=True)
    assert "install.sh" not in done.stdout
    (project / ".venv/bin/python").unlink()
    (project / ".venv/bin/python").symlink_to(project / "removed")
    done = subprocess.run(make, cwd=project, capture_output=True, text=True, check=True)
    assert "install.sh install" in done.stdout
