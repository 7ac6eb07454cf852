"""SQS queues, SNS topics, and who may use them."""

from __future__ import annotations

from tastemaker.cloud.cloudformation.calls import text
from tastemaker.cloud.cloudformation.resource import Properties, Resource, only, policy_text, without


class Queue(Resource):
    type = "AWS::SQS::Queue"
    service = "sqs"
    name_property = "QueueName"
    name_limit = 80
    immutable = frozenset({"QueueName", "FifoQueue"})
    attributes = frozenset({"Arn", "QueueName", "QueueUrl"})

    def create(self) -> None:
        if self.properties.get("FifoQueue") in (True, "true") and not self.name.endswith(".fifo"):
            self.name = f"{self.name[:75]}.fifo"
        self.physical_resource_id = self.call(
            "CreateQueue", {"QueueName": self.name, "Attributes": self._attributes(), "tags": self.tags()}
        )["QueueUrl"]
        self.values = {
            "Arn": self.arn("sqs", self.name),
            "QueueName": self.name,
            "QueueUrl": self.physical_resource_id,
        }

    def modify(self, previous: Properties) -> None:
        attributes = self._attributes()
        for removed in set(previous) - set(self.properties) - {"Tags"}:
            attributes[removed] = _QUEUE_DEFAULTS[removed]
        self.call(
            "SetQueueAttributes",
            {
                "QueueUrl": self.physical_resource_id,
                "Attributes": without(attributes, "FifoQueue") | self._policy(),
            },
        )

    def _policy(self) -> dict[str, str]:
        """The queue's policy, which moto drops when other attributes are set without it."""
        wanted = {"QueueUrl": self.physical_resource_id, "AttributeNames": ["Policy"]}
        return only(self.call("GetQueueAttributes", wanted).get("Attributes", {}), "Policy")

    def destroy(self) -> None:
        self.call("DeleteQueue", {"QueueUrl": self.physical_resource_id})

    def _attributes(self) -> dict[str, str]:
        return {name: text(value) for name, value in without(self.properties, "QueueName", "Tags").items()}


_QUEUE_DEFAULTS = {
    "ContentBasedDeduplication": "false",
    "DeduplicationScope": "queue",
    "DelaySeconds": "0",
    "FifoThroughputLimit": "perQueue",
    "KmsDataKeyReusePeriodSeconds": "300",
    "KmsMasterKeyId": "",
    "MaximumMessageSize": "1048576",
    "MessageRetentionPeriod": "345600",
    "ReceiveMessageWaitTimeSeconds": "0",
    "RedriveAllowPolicy": "",
    "RedrivePolicy": "",
    "SqsManagedSseEnabled": "true",
    "VisibilityTimeout": "30",
}


class QueuePolicy(Resource):
    type = "AWS::SQS::QueuePolicy"
    service = "sqs"
    attributes = frozenset({"Id"})

    def create(self) -> None:
        self.values = {"Id": self.name}
        self._put(self.properties["Queues"], policy_text(self.properties["PolicyDocument"]))

    def modify(self, previous: Properties) -> None:
        self._put([queue for queue in previous["Queues"] if queue not in self.properties["Queues"]], "")
        self.create()

    def destroy(self) -> None:
        self._put(self.properties["Queues"], "")

    def _put(self, queues: list[str], policy: str) -> None:
        for queue in queues:
            self.call("SetQueueAttributes", {"QueueUrl": queue, "Attributes": {"Policy": policy}})


class Topic(Resource):
    type = "AWS::SNS::Topic"
    service = "sns"
    name_property = "TopicName"
    immutable = frozenset({"TopicName", "FifoTopic"})
    attributes = frozenset({"TopicArn", "TopicName"})

    def create(self) -> None:
        self.physical_resource_id = self.call(
            "CreateTopic",
            {
                "Name": self.name,
                "Attributes": {
                    name: text(value)
                    for name, value in without(self.properties, "TopicName", "Subscription", "Tags").items()
                },
                **only(self.properties, "Tags"),
            },
        )["TopicArn"]
        self.values = {"TopicArn": self.physical_resource_id, "TopicName": self.name}
        for subscription in self.properties.get("Subscription", []):
            self.call("Subscribe", {"TopicArn": self.physical_resource_id, **subscription})

    def modify(self, previous: Properties) -> None:
        settings = without(self.properties, "TopicName", "Subscription", "Tags")
        for removed in set(previous) - set(self.properties) - {"TopicName", "Subscription", "Tags"}:
            settings[removed] = ""
        for name, value in settings.items():
            self.call(
                "SetTopicAttributes",
                {
                    "TopicArn": self.physical_resource_id,
                    "AttributeName": name,
                    "AttributeValue": text(value),
                },
            )
        for subscription in self.properties.get("Subscription", []):
            if subscription not in previous.get("Subscription", []):
                self.call("Subscribe", {"TopicArn": self.physical_resource_id, **subscription})

    def destroy(self) -> None:
        self.call("DeleteTopic", {"TopicArn": self.physical_resource_id})


class TopicPolicy(Resource):
    type = "AWS::SNS::TopicPolicy"
    service = "sns"
    attributes = frozenset({"Id"})

    def create(self) -> None:
        self.values = {"Id": self.name}
        for topic in self.properties["Topics"]:
            self.call(
                "SetTopicAttributes",
                {
                    "TopicArn": topic,
                    "AttributeName": "Policy",
                    "AttributeValue": policy_text(self.properties["PolicyDocument"]),
                },
            )

    def destroy(self) -> None:
        """Nothing: on AWS a topic's policy can't be taken away, only replaced; the topic's deletion ends it."""


class Subscription(Resource):
    type = "AWS::SNS::Subscription"
    service = "sns"
    immutable = frozenset({"TopicArn", "Protocol", "Endpoint", "Region"})
    attributes = frozenset({"Arn"})

    def create(self) -> None:
        self.physical_resource_id = self.call(
            "Subscribe",
            {
                **only(self.properties, "TopicArn", "Protocol", "Endpoint"),
                "Attributes": self._attributes(),
                "ReturnSubscriptionArn": True,
            },
        )["SubscriptionArn"]
        self.values = {"Arn": self.physical_resource_id}

    def modify(self, previous: Properties) -> None:
        removed = set(previous) - set(self.properties) - self.immutable
        for name, value in (self._attributes() | dict.fromkeys(removed, "")).items():
            self.call(
                "SetSubscriptionAttributes",
                {
                    "SubscriptionArn": self.physical_resource_id,
                    "AttributeName": name,
                    "AttributeValue": value,
                },
            )

    def destroy(self) -> None:
        self.call("Unsubscribe", {"SubscriptionArn": self.physical_resource_id})

    def _attributes(self) -> dict[str, str]:
        return {name: text(value) for name, value in without(self.properties, *self.immutable).items()}
