"""Resources for those who run the engine: logs, alarms, dashboards, schedules, and the CDK's own metadata."""

from __future__ import annotations

from moto.cloudwatch.models import cloudwatch_backends

from tastemaker.cloud.cloudformation.resource import Properties, Resource, only, refuse_others


class LogGroup(Resource):
    type = "AWS::Logs::LogGroup"
    service = "logs"
    name_property = "LogGroupName"
    name_limit = 512
    immutable = frozenset({"LogGroupName", "LogGroupClass"})
    attributes = frozenset({"Arn"})

    def create(self) -> None:
        refuse_others(self, ("LogGroupName", "LogGroupClass", "KmsKeyId", "RetentionInDays", "Tags"))
        self.call(
            "CreateLogGroup",
            {
                "logGroupName": self.name,
                "tags": self.tags(),
                **({"kmsKeyId": self.properties["KmsKeyId"]} if "KmsKeyId" in self.properties else {}),
            },
        )
        self.values = {"Arn": self.arn("logs", f"log-group:{self.name}:*")}
        self._retain()

    def modify(self, previous: Properties) -> None:  # noqa: ARG002  # the retention is a put
        self._retain()

    def destroy(self) -> None:
        self.call("DeleteLogGroup", {"logGroupName": self.name})

    def _retain(self) -> None:
        days = self.properties.get("RetentionInDays")
        if days is None:
            self.call("DeleteRetentionPolicy", {"logGroupName": self.name})
        else:
            self.call("PutRetentionPolicy", {"logGroupName": self.name, "retentionInDays": days})


class Alarm(Resource):
    type = "AWS::CloudWatch::Alarm"
    service = "cloudwatch"
    name_property = "AlarmName"
    immutable = frozenset({"AlarmName"})
    attributes = frozenset({"Arn"})

    def create(self) -> None:
        self.call("PutMetricAlarm", {**self.properties, "AlarmName": self.name})
        self.values = {"Arn": self.arn("cloudwatch", f"alarm:{self.name}")}

    def destroy(self) -> None:
        self.call("DeleteAlarms", {"AlarmNames": [self.name]})


class CompositeAlarm(Alarm):
    """moto answers PutCompositeAlarm with nothing, though it keeps and describes alarms that have a rule."""

    type = "AWS::CloudWatch::CompositeAlarm"

    def create(self) -> None:
        refuse_others(
            self,
            (
                *("AlarmName", "AlarmRule", "AlarmDescription", "ActionsEnabled"),
                *("AlarmActions", "OKActions", "InsufficientDataActions"),
            ),
        )
        cloudwatch_backends[self.account][self.region].put_metric_alarm(
            name=self.name,
            rule=self.properties["AlarmRule"],
            description=self.properties.get("AlarmDescription"),
            actions_enabled=self.properties.get("ActionsEnabled", True),
            alarm_actions=self.properties.get("AlarmActions", []),
            ok_actions=self.properties.get("OKActions", []),
            insufficient_data_actions=self.properties.get("InsufficientDataActions", []),
            namespace=None,
            metric_name=None,
            comparison_operator=None,
            evaluation_periods=None,
            period=None,
            threshold=None,
            statistic=None,
            dimensions=[],
            tags=[],
        )
        self.values = {"Arn": self.arn("cloudwatch", f"alarm:{self.name}")}


class Dashboard(Resource):
    type = "AWS::CloudWatch::Dashboard"
    service = "cloudwatch"
    name_property = "DashboardName"
    immutable = frozenset({"DashboardName"})

    def create(self) -> None:
        self.call("PutDashboard", {"DashboardName": self.name, **only(self.properties, "DashboardBody")})

    def destroy(self) -> None:
        self.call("DeleteDashboards", {"DashboardNames": [self.name]})


class Schedule(Resource):
    type = "AWS::Scheduler::Schedule"
    service = "scheduler"
    name_property = "Name"
    name_limit = 64
    immutable = frozenset({"Name", "GroupName"})
    attributes = frozenset({"Arn"})

    def create(self) -> None:
        self._put("CreateSchedule")

    def modify(self, previous: Properties) -> None:  # noqa: ARG002  # the update is a put
        self._put("UpdateSchedule")

    def destroy(self) -> None:
        self.call("DeleteSchedule", {"Name": self.name, **only(self.properties, "GroupName")})

    def _put(self, operation: str) -> None:
        arn = self.call(operation, {**self.properties, "Name": self.name})["ScheduleArn"]
        self.values = {"Arn": arn}


class ScheduleGroup(Resource):
    type = "AWS::Scheduler::ScheduleGroup"
    service = "scheduler"
    name_property = "Name"
    name_limit = 64
    immutable = frozenset({"Name"})
    attributes = frozenset({"Arn"})

    def create(self) -> None:
        arn = self.call("CreateScheduleGroup", {**self.properties, "Name": self.name})["ScheduleGroupArn"]
        self.values = {"Arn": arn}

    def modify(self, previous: Properties) -> None:
        """Nothing but tags can change in a group."""

    def destroy(self) -> None:
        self.call("DeleteScheduleGroup", {"Name": self.name})


class Metadata(Resource):
    """What the CDK records about itself: nothing to create, on AWS either."""

    type = "AWS::CDK::Metadata"
    service = "cloudformation"

    def create(self) -> None:
        self.physical_resource_id = self.name

    def destroy(self) -> None:
        """Nothing was created."""
