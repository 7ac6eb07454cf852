import pytest

from tastemaker.cli.main import main


@pytest.mark.parametrize(
    "arguments", [[], ["serve"], ["demo", "--port", "70000"], ["demo", "--port", "²"], ["endpoint", "--once"]]
)
def test_wrong_usage_ends_with_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert "usage: tastemaker" in capsys.readouterr().err


def test_a_missing_file_ends_with_status_1_and_words(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--interactions", "none.csv"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("tastemaker: none.csv does not exist")
    assert said.out == ""
