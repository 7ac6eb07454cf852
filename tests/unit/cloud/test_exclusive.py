"""What an embedded cloud changes in its process, and that it is put back."""

from __future__ import annotations

import os

import pytest
from moto.core.config import default_user_config
from moto.s3.models import s3_backends

from tastemaker.cloud.exclusive import AlreadyRunning, exclusive_use


def test_the_process_is_one_clouds_at_a_time() -> None:
    refusal = "close that one first, or start this one in another process"

    with exclusive_use(), pytest.raises(AlreadyRunning, match=refusal):
        exclusive_use().__enter__()

    with exclusive_use():
        pass


def test_the_users_own_aws_settings_are_out_of_sight_and_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.delenv("AWS_CONFIG_FILE", raising=False)
    monkeypatch.setenv("NO_PROXY", "intranet")
    before = dict(os.environ)

    with exclusive_use():
        assert "AWS_PROFILE" not in os.environ
        assert os.environ["AWS_CONFIG_FILE"] == os.devnull
        assert os.environ["NO_PROXY"] == "intranet,127.0.0.1,localhost,::1"

    assert dict(os.environ) == before


def test_motos_state_and_settings_are_as_before_after_a_failure() -> None:
    settings = dict(default_user_config)

    with pytest.raises(RuntimeError, match="amid"):
        _fail_amid()

    assert dict(default_user_config) == settings
    assert s3_backends["123456789012"]["aws"].buckets == {}


def _fail_amid() -> None:
    with exclusive_use():
        assert default_user_config["lambda"] == {"use_docker": False}
        s3_backends["123456789012"]["aws"].create_bucket("left", "us-east-1")
        raise RuntimeError("amid")
