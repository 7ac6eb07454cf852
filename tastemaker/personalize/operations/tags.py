"""Tags: TagResource, UntagResource, ListTagsForResource, and the tags that a Create brings along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from tastemaker.personalize.account import AccountRegion
from tastemaker.personalize.errors import InvalidInput, TooManyTagKeys, TooManyTags, not_found
from tastemaker.personalize.operations.registry import operation
from tastemaker.personalize.shapes import Members
from tastemaker.personalize.store import Resource

if TYPE_CHECKING:
    from mypy_boto3_personalize.type_defs import (
        ListTagsForResourceRequestTypeDef,
        TagResourceRequestTypeDef,
        TagTypeDef,
        UntagResourceRequestTypeDef,
    )

MOST_TAGS: Final = 50


def tags_of(given: Sequence[TagTypeDef] | None, *, existing: dict[str, str] | None = None) -> dict[str, str]:
    """`existing` tags with the given ones over them, checked."""
    fresh = {tag["tagKey"]: tag["tagValue"] for tag in given or ()}
    if len(fresh) < len(given or ()):
        raise InvalidInput("A tag key is given more than once.")
    for key in fresh:
        if key.lower().startswith("aws:"):
            raise InvalidInput(f"The tag key {key} begins with aws:, which is reserved.")
    tags = (existing or {}) | fresh
    if len(tags) > MOST_TAGS:
        raise TooManyTags(f"A resource can have {MOST_TAGS} tags; with these it would have {len(tags)}.")
    return tags


@operation("TagResource")
def tag_resource(here: AccountRegion, given: TagResourceRequestTypeDef) -> Members:
    resource = _taggable(here, given["resourceArn"])
    resource.tags = tags_of(given["tags"], existing=resource.tags)
    return {}


@operation("UntagResource")
def untag_resource(here: AccountRegion, given: UntagResourceRequestTypeDef) -> Members:
    if len(given["tagKeys"]) > MOST_TAGS:
        raise TooManyTagKeys(f"A request can name {MOST_TAGS} tag keys; this one names {len(given['tagKeys'])}.")
    resource = _taggable(here, given["resourceArn"])
    resource.tags = {key: value for key, value in resource.tags.items() if key not in given["tagKeys"]}
    return {}


@operation("ListTagsForResource")
def list_tags_for_resource(here: AccountRegion, given: ListTagsForResourceRequestTypeDef) -> Members:
    tags = _taggable(here, given["resourceArn"]).tags
    return {"tags": [{"tagKey": key, "tagValue": value} for key, value in tags.items()]}


def _taggable(here: AccountRegion, arn: str) -> Resource:
    resource = here.resources.find(arn)
    if resource is None:
        raise not_found(arn)
    if not resource.kind.taggable:
        raise InvalidInput(f"{arn} cannot be tagged.")
    return resource
