"""The command that writes a run as PDF, on a real database."""

import pytest

import settings
from engine.commands import report as command
from engine.runs.submit import submit
from tests.actors import ADA
from tests.engine.report import reading


@pytest.fixture
def finished(context, add_model, run_now):
    run = submit(context, add_model("def run(inputs):\n    return {'summary': {'Loss': 1234.5}}\n"), {}, actor=ADA)
    run_now(run)
    return run


@pytest.fixture
def main(database_url, tmp_path, capsys):
    def go(*arguments):
        given = settings.read_settings({"DATABASE_URL": database_url, "TONTINE_DATA": str(tmp_path)})
        capsys.readouterr()  # what the run's end was logged with
        code = command.main([str(a) for a in arguments], given)
        printed = capsys.readouterr()
        return code, printed.out.strip(), printed.err

    return go


def test_the_report_is_written_as_asked_for_and_its_path_printed(main, finished, tmp_path):
    target = tmp_path / "out.pdf"
    options = ("--language", "de-DE", "--url", "https://tontine.example", "--by", "grace")
    assert main(finished.id, "-o", target, *options) == (0, str(target), "")
    reader = reading.open_pdf(target.read_bytes())
    text = reading.whole_text(reader)
    assert "1.234,50" in text
    assert "by grace" in text
    assert f"https://tontine.example/run?id={finished.id}" in reading.links(reader)
    assert list(tmp_path.glob(".out*")) == []


def test_a_folder_gets_a_file_named_after_model_and_run(main, finished, tmp_path):
    assert main(finished.id, "-o", tmp_path)[1] == str(tmp_path / f"probe-{str(finished.id)[-8:]}.pdf")


def test_a_run_that_is_not_there_and_a_folder_that_is_missing_are_said(main, finished, tmp_path):
    code, out, err = main("01939999-0000-7000-8000-000000000000")
    assert (code, out) == (1, "")
    assert "there is no run" in err
    code, _, err = main(finished.id, "-o", tmp_path / "missing" / "x.pdf")
    assert code == 1
    assert "missing" in err


def test_a_number_of_rows_that_no_report_has_is_refused(main, finished, capsys):
    with pytest.raises(SystemExit) as ended:
        main(finished.id, "--rows", "-3")
    assert ended.value.code == 2
    assert "--rows" in capsys.readouterr().err
