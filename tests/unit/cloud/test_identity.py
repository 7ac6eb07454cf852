"""Credentials and whose they are."""

from __future__ import annotations

import re

from tastemaker.cloud.identity import ADMIN, Caller, Identities

ROLE = "arn:aws:iam::123456789012:role/export"


def test_a_key_leads_back_to_the_role_and_the_function_it_was_given_to() -> None:
    identities = Identities()

    credentials = identities.credentials_for(ROLE, "export_data")

    assert identities.caller(credentials.access_key_id) == Caller(ROLE, "export_data")


def test_the_same_role_gets_the_same_credentials_and_its_functions_get_their_own() -> None:
    identities = Identities()

    assert identities.credentials_for(ROLE) == identities.credentials_for(ROLE)
    assert identities.credentials_for(ROLE) != identities.credentials_for(ROLE, "export_data")


def test_a_key_that_nobody_was_given_is_the_administrators() -> None:
    assert Identities().caller("AKIASOMEONEELSES0000") == ADMIN


def test_a_key_looks_like_aws_own() -> None:
    key = Identities().credentials_for(ROLE).access_key_id

    assert re.fullmatch(r"ASIA[A-Z2-7]{16}", key)
