"""Names between the API and the SDK integrations."""

from __future__ import annotations

import botocore.session
import pytest

from tastemaker.cloud.states.shapes import error_prefix, integration_name


@pytest.mark.parametrize(
    ("member", "name"),
    [
        ("datasetGroupArn", "DatasetGroupArn"),
        ("minProvisionedTPS", "MinProvisionedTPS"),
        ("performHPO", "PerformHPO"),
        ("TableName", "TableName"),
        ("DBInstanceIdentifier", "DbInstanceIdentifier"),
        ("ACL", "Acl"),
        ("S", "S"),
        ("SS", "Ss"),
        ("NULL", "Nul"),
    ],
)
def test_a_member_has_the_name_that_the_sdk_for_java_gives_it(member: str, name: str) -> None:
    assert integration_name(member) == name


@pytest.mark.parametrize(
    ("service", "prefix"),
    [
        ("personalize", "Personalize"),
        ("personalize-runtime", "PersonalizeRuntime"),
        ("dynamodb", "DynamoDb"),
        ("stepfunctions", "Sfn"),
        ("s3", "S3"),
        ("sqs", "Sqs"),
        ("logs", "CloudWatchLogs"),
    ],
)
def test_errors_begin_with_the_services_name(service: str, prefix: str) -> None:
    assert error_prefix(botocore.session.get_session().get_service_model(service)) == prefix
