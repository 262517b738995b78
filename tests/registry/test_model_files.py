"""A model's folder as files: hashed, packed, unpacked and installed."""

import io
import stat
import threading
import zipfile

import pytest

from contract.errors import ManifestError
from registry import model_files
from registry.model_files import content_hash, install, pack, read_folder, unpack

FILES = {"function.py": b"def run(inputs):\n    return {}\n", "manifest.json": b"{}", "data/rates.csv": b"a,b\n1,2\n"}


def archive_of(*entries):
    """A zip archive of (name, content), names as they are given."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in entries:
            archive.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def contents(folder):
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def test_what_was_packed_is_unpacked_byte_for_byte():
    assert unpack(pack(FILES)) == FILES


def test_the_same_files_are_the_same_archive_and_version_in_whatever_order_they_come():
    other = dict(reversed(FILES.items()))
    assert (pack(other), content_hash(other)) == (pack(FILES), content_hash(FILES))


@pytest.mark.parametrize(
    "changed",
    [
        {**FILES, "function.py": b"def run(inputs):\n    return {1: 1}\n"},
        {**FILES, "more.txt": b""},
        {("data/rates2.csv" if name == "data/rates.csv" else name): content for name, content in FILES.items()},
        {"manifest.json": b"{}data", **{n: c for n, c in FILES.items() if n != "manifest.json"}},
    ],
)
def test_other_contents_or_names_are_another_version(changed):
    assert content_hash(changed) != content_hash(FILES)


def test_a_byte_that_moves_from_a_name_to_its_content_is_another_version():
    assert content_hash({"ab": b"c"}) != content_hash({"a": b"bc"})


@pytest.mark.parametrize("name", ["../out.py", "a/../../out.py", "/etc/out.py", "a\\..\\out.py", "..", "."])
def test_an_archive_that_names_a_file_outside_its_folder_is_refused(name):
    with pytest.raises(ManifestError, match="not a name inside the folder"):
        unpack(archive_of(("function.py", b""), (name, b"x")))


def test_an_archive_that_inflates_beyond_the_bound_is_refused_before_all_of_it_is_in_memory(monkeypatch):
    monkeypatch.setattr(model_files, "MAX_BYTES", 1_000_000)
    bomb = archive_of(("a", b"\0" * 900_000), ("b", b"\0" * 900_000))
    assert len(bomb) < 5_000
    with pytest.raises(ManifestError, match="inflates to more than 1 MB"):
        unpack(bomb)


def test_an_archive_of_too_many_files_is_refused(monkeypatch):
    monkeypatch.setattr(model_files, "MAX_FILES", 3)
    assert len(unpack(archive_of(*((f"f{i}", b"") for i in range(3))))) == 3
    with pytest.raises(ManifestError, match="more than 3 files"):
        unpack(archive_of(*((f"f{i}", b"") for i in range(4))))


@pytest.mark.parametrize("damage", [lambda packed: b"no zip", lambda packed: packed[: len(packed) // 2]])
def test_what_is_no_archive_is_refused_with_what_to_do(damage):
    with pytest.raises(ManifestError, match="not a zip file") as refused:
        unpack(damage(pack(FILES)))
    assert refused.value.problems[0].hint == "Pack the model's folder again."


def test_an_archive_whose_content_was_changed_is_refused():
    packed = bytearray(zip_stored({"function.py": b"x = 1\n" * 50}))
    packed[packed.index(b"x = 1")] ^= 1
    with pytest.raises(ManifestError, match="not a zip file"):
        unpack(bytes(packed))


def test_an_archive_whose_compressed_bytes_were_changed_is_refused():
    packed = bytearray(archive_of(("function.py", bytes(range(256)) * 20)))
    packed[30 + len("function.py")] = 0xFF  # a kind of block that there is not
    with pytest.raises(ManifestError, match="cannot be read"):
        unpack(bytes(packed))


@pytest.mark.parametrize(("at", "value"), [(6, 1), (8, 97)])
def test_an_archive_that_is_encrypted_or_packed_in_an_unknown_way_is_refused(at, value):
    packed = bytearray(archive_of(("function.py", b"x")))
    central = packed.index(b"PK\x01\x02")
    packed[at] = packed[central + at + 2] = value  # flags or method, in both headers
    with pytest.raises(ManifestError, match="cannot be read"):
        unpack(bytes(packed))


def zip_stored(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def test_installed_files_are_readable_by_everybody_and_writable_by_nobody(tmp_path):
    install(FILES, tmp_path / "versions" / "v1")
    assert contents(tmp_path / "versions" / "v1") == FILES
    for path in (tmp_path / "versions" / "v1").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) == (0o755 if path.is_dir() else 0o444)


def test_a_folder_that_is_there_is_left_as_it_is(tmp_path):
    install(FILES, tmp_path / "v1")
    install({"function.py": b"other"}, tmp_path / "v1")
    assert contents(tmp_path / "v1") == FILES


@pytest.mark.parametrize("name", ["../out.py", "/out.py"])
def test_nothing_is_left_of_an_installation_that_was_refused(tmp_path, name):
    with pytest.raises(ManifestError):
        install({**FILES, name: b"x"}, tmp_path / "versions" / "v1")
    assert [p.name for p in (tmp_path / "versions").iterdir()] == [".lock"]
    assert not (tmp_path / "out.py").exists()


def test_nothing_is_left_of_an_installation_that_broke_off(tmp_path, monkeypatch):
    class Broken(dict):
        def items(self):
            yield "function.py", b"x"
            raise OSError(28, "no space left")

    with pytest.raises(OSError, match="no space"):
        install(Broken(FILES), tmp_path / "versions" / "v1")
    assert [p.name for p in (tmp_path / "versions").iterdir()] == [".lock"]
    install(FILES, tmp_path / "versions" / "v1")
    assert contents(tmp_path / "versions" / "v1") == FILES


def test_whoever_installs_at_the_same_moment_sees_the_whole_folder_or_none(tmp_path):
    files = {f"f{i}": bytes([i]) * 1_000 for i in range(100)}
    target, seen, done = tmp_path / "versions" / "v1", [], threading.Event()

    def watch():
        while not done.is_set():
            if target.is_dir():
                seen.append(len(contents(target)))

    watcher = threading.Thread(target=watch)
    watcher.start()
    installers = [threading.Thread(target=install, args=(files, target)) for _ in range(4)]
    for thread in installers:
        thread.start()
    for thread in installers:
        thread.join()
    done.set()
    watcher.join()
    assert contents(target) == files
    assert set(seen) <= {100}
    assert sorted(p.name for p in target.parent.iterdir()) == [".lock", "v1"]


def test_a_folder_is_read_without_links_hidden_files_and_caches(tmp_path):
    for name, content in {**FILES, ".git/config": b"x", "__pycache__/a.pyc": b"x", "b.pyc": b"x", ".env": b"x"}.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (tmp_path / "secret").symlink_to("/etc/passwd")
    assert read_folder(tmp_path) == FILES


def test_a_folder_beyond_the_bounds_or_without_its_two_files_is_refused(tmp_path, monkeypatch):
    (tmp_path / "readme.txt").write_text("x")
    with pytest.raises(ManifestError) as refused:
        read_folder(tmp_path)
    assert [p.where.rpartition("/")[2] for p in refused.value.problems] == ["manifest.json", "function.py"]
    monkeypatch.setattr(model_files, "MAX_BYTES", 0)
    with pytest.raises(ManifestError, match="more than"):
        read_folder(tmp_path)
