"""What Personalize refuses and how it says so: one class a code, raised deep, turned into a response by `wire`."""

from __future__ import annotations

from typing import ClassVar, Final


class PersonalizeError(Exception):
    """A refusal. `code` is what clients match on; `rest_status` is its HTTP status in the runtime and events APIs."""

    code: ClassVar[str]
    rest_status: ClassVar[int] = 400
    # the control plane documents 400 for every error it models, not-found and in-use among them
    control_status: ClassVar[int] = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class InvalidInput(PersonalizeError):
    code = "InvalidInputException"


class ResourceNotFound(PersonalizeError):
    code = "ResourceNotFoundException"
    rest_status = 404


class ResourceAlreadyExists(PersonalizeError):
    code = "ResourceAlreadyExistsException"


class ResourceInUse(PersonalizeError):
    code = "ResourceInUseException"
    rest_status = 409


class LimitExceeded(PersonalizeError):
    code = "LimitExceededException"


class InvalidNextToken(PersonalizeError):
    code = "InvalidNextTokenException"


class TooManyTags(PersonalizeError):
    code = "TooManyTagsException"


class TooManyTagKeys(PersonalizeError):
    code = "TooManyTagKeysException"


class Throttling(PersonalizeError):
    """No API models it, all may answer it."""

    code = "ThrottlingException"
    rest_status = 429


class AccessDenied(PersonalizeError):
    code = "AccessDeniedException"
    rest_status = 403


class Validation(PersonalizeError):
    code = "ValidationException"


class ServiceUnavailable(PersonalizeError):
    code = "ServiceUnavailable"
    rest_status = 503
    control_status = 503


class Serialization(PersonalizeError):
    """The body is no JSON, or a member has the wrong JSON type."""

    code = "SerializationException"


class UnknownOperation(PersonalizeError):
    code = "UnknownOperationException"
    rest_status = 404
    control_status = 404


class InternalFailure(PersonalizeError):
    """A defect of the embedded Personalize, never of the caller."""

    code = "InternalFailure"
    rest_status = 500
    control_status = 500


BY_CODE: Final = {error.code: error for error in PersonalizeError.__subclasses__()}
"""The classes of the refusals by the codes that clients match on."""


def not_found(arn: str) -> ResourceNotFound:
    return ResourceNotFound(f"Resource Arn {arn} does not exist.")


def already_exists(arn: str) -> ResourceAlreadyExists:
    return ResourceAlreadyExists(f"Another resource with Arn {arn} already exists.")


def in_use(arn: str, why: str) -> ResourceInUse:
    return ResourceInUse(f"Resource Arn {arn} is in use: {why}")
