"""The fixtures, in a project of somebody else's: pytest runs in a process of its own, as theirs does."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

import tastemaker

pytest_plugins = ["pytester"]

ROOT = Path(tastemaker.__file__).parents[1]
USES = 'pytest_plugins = ["tastemaker.testing.plugin"]'


@pytest.fixture
def project(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A project whose tests find Tastemaker, as they would when it is installed, and whose warnings are errors."""
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    pytester.makeini("[pytest]\nfilterwarnings = error")
    return pytester


def passed(project: pytest.Pytester) -> int:
    result = project.runpytest_subprocess("-p", "no:cacheprovider")
    assert result.ret == 0
    return result.parseoutcomes()["passed"]


def test_each_test_gets_an_empty_personalize_and_an_empty_aws(project: pytest.Pytester) -> None:
    project.makeconftest(USES)
    project.makepyfile(
        """
        import boto3
        import pytest

        @pytest.mark.parametrize("turn", [1, 2])
        def test_in_process(personalize, turn):
            control = personalize.client("personalize")
            assert control.list_dataset_groups()["datasetGroups"] == []
            control.create_dataset_group(name="shop")

        @pytest.mark.parametrize("turn", [1, 2])
        def test_over_http(aws_endpoint, turn):
            aws_endpoint.client("s3").create_bucket(Bucket="shop")
            control = boto3.client("personalize")
            assert control.meta.endpoint_url == aws_endpoint.endpoint_url
            assert control.list_dataset_groups()["datasetGroups"] == []
            control.create_dataset_group(name="shop")
        """
    )

    assert passed(project) == 4


def test_the_examples_in_the_readme_pass_as_they_stand(project: pytest.Pytester) -> None:
    section = (ROOT / "README.md").read_text().partition("## Test your own code on Personalize\n")[2]
    example, bad_day = re.findall(r"```python\n(.*?)```", section.partition("\n## ")[0], re.DOTALL)
    (uses,) = re.findall(r"`(pytest_plugins = .*?)`", section)
    project.makeconftest(uses)
    project.makepyfile(test_shop=example, test_bad_day=bad_day)

    assert passed(project) == 2


def test_without_the_plugin_neither_pytest_nor_moto_is_imported() -> None:
    script = "import sys, tastemaker.testing; sys.exit(bool({'pytest', 'moto'} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=False).returncode == 0
