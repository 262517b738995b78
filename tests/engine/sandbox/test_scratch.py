"""Scratch folders: measured, removed, and cleaned up after a killed worker."""

import os
import subprocess
import sys

import pytest

from contract.errors import OutputFileError
from engine.sandbox.output_files import output_files
from engine.sandbox.scratch import DEPTH, FILES, ScratchRoot, disk_usage, remove
from engine.sandbox.usage import unlinked_bytes


@pytest.mark.processes
def test_the_scratch_of_a_killed_worker_is_removed_by_the_next_one_and_that_of_a_living_one_kept(tmp_path):
    living = ScratchRoot(tmp_path)
    code = "import os, sys, pathlib; from engine.sandbox.scratch import ScratchRoot; s = ScratchRoot(pathlib.Path(sys.argv[1])); "
    code += "(s.folder / 'run-x').mkdir(); print(s.folder); sys.stdout.flush(); os.kill(os.getpid(), 9)"
    died = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False)
    left = tmp_path / died.stdout.strip()
    assert (left / "run-x").is_dir()
    another = ScratchRoot(tmp_path)
    assert not left.exists()
    assert living.folder.is_dir()
    assert another.folder != living.folder
    for scratch_root in (living, another):
        scratch_root.close()
        assert not scratch_root.folder.exists()


def test_folders_nested_beyond_the_longest_path_are_removed_and_count_as_too_many(tmp_path):
    top = tmp_path / "run"
    top.mkdir()
    before = os.getcwd()
    os.chdir(top)
    try:
        for i in range(2_500):
            os.mkdir("d")
            os.chdir("d")
            if i == DEPTH + 5:
                open("f", "w").close()
    finally:
        os.chdir(before)
    assert disk_usage(top)[1] > FILES
    remove(top)
    assert not top.exists()


def test_a_folder_without_read_permission_is_measured(tmp_path):
    (tmp_path / "run" / "hidden").mkdir(parents=True)
    (tmp_path / "run" / "hidden" / "f").write_bytes(b"x" * 100_000)
    (tmp_path / "run" / "hidden").chmod(0o300)
    size, count = disk_usage(tmp_path / "run")
    assert size >= 100_000
    assert count == 2
    remove(tmp_path / "run")
    assert not (tmp_path / "run").exists()


def test_files_without_a_name_are_counted_while_they_are_open_or_mapped(tmp_path):
    import mmap

    assert unlinked_bytes(os.getpid(), tmp_path) == 0
    with (tmp_path / "open").open("w+b") as made, (tmp_path / "mapped").open("w+b") as other:
        made.write(b"x" * 200_000)
        made.flush()
        (tmp_path / "open").unlink()
        other.truncate(1_000_000)
        block = mmap.mmap(other.fileno(), 1_000_000)
        (tmp_path / "mapped").unlink()
        other.close()
        assert 1_200_000 <= unlinked_bytes(os.getpid(), tmp_path) < 1_300_000
        block.close()
    assert unlinked_bytes(os.getpid(), tmp_path) == 0


@pytest.mark.parametrize(
    "given", ["/etc/passwd", "../out", "missing", "folder", "link", "twice", 5, "a\0b", "x" * 9_000]
)
def test_a_result_may_name_only_plain_files_of_its_own_scratch(tmp_path, given):
    scratch = tmp_path / "run"
    (scratch / "folder").mkdir(parents=True)
    (tmp_path / "out").write_text("x")
    (scratch / "link").symlink_to(tmp_path / "out")
    (scratch / "twice").hardlink_to(tmp_path / "out")
    with pytest.raises(OutputFileError, match="files.report is"):
        output_files({"files": {"report": given}}, scratch, 1_000)


def test_the_files_of_a_result_are_few_and_no_larger_than_scratch(tmp_path):
    (tmp_path / "f").write_bytes(b"x" * 600)
    assert output_files({"files": {"a": "f"}}, tmp_path, 1_000) == {"a": (tmp_path / "f").resolve()}
    assert output_files({"summary": {}}, tmp_path, 1_000) == {}
    with pytest.raises(OutputFileError, match="hold more than"):
        output_files({"files": {"a": "f", "b": "f"}}, tmp_path, 1_000)
    with pytest.raises(OutputFileError, match="The most is 100"):
        output_files({"files": {str(i): "f" for i in range(101)}}, tmp_path, 10**9)
