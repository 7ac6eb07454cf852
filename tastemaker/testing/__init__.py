"""What other people's tests use of the embedded cloud: Personalize without a socket, and a whole AWS endpoint.

`embedded_personalize` is for code that is handed its clients: it starts in milliseconds and needs no network.
`embedded_aws` is for code that makes its own clients, or that uses S3 and other services besides Personalize.
`await_active` waits for what either of them makes. `tastemaker.testing.plugin` has both as pytest fixtures.
"""

from tastemaker.testing.active import NotActive, await_active
from tastemaker.testing.aws import embedded_aws
from tastemaker.testing.personalize import EmbeddedPersonalize, embedded_personalize

__all__ = ["EmbeddedPersonalize", "NotActive", "await_active", "embedded_aws", "embedded_personalize"]
