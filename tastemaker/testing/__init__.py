"""What other people's tests use of the embedded cloud: Personalize without a socket, and a whole AWS endpoint.

`embedded_personalize` is for code that is handed its clients: it starts in milliseconds and needs no network.
`embedded_aws` is for code that makes its own clients, or that uses S3 and other services besides Personalize.
`await_active` waits for what either of them makes.

Both can be made to behave as AWS does on a bad day: `faults` refuses calls, slows them down or lets work fail,
`Durations` says how long work takes on a clock that the test moves (`ManualClock`) or that runs ahead (`EagerClock`),
`Quotas` how much is allowed. `tastemaker.testing.plugin` has both as pytest fixtures.
"""

from tastemaker.personalize.clock import EagerClock, ManualClock
from tastemaker.personalize.durations import AWS_DURATIONS, Durations
from tastemaker.personalize.faults import Faults
from tastemaker.personalize.quotas import AWS_RATES, Quotas
from tastemaker.testing.active import NotActive, await_active
from tastemaker.testing.aws import embedded_aws
from tastemaker.testing.personalize import EmbeddedPersonalize, embedded_personalize

__all__ = [
    "AWS_DURATIONS",
    "AWS_RATES",
    "Durations",
    "EagerClock",
    "EmbeddedPersonalize",
    "Faults",
    "ManualClock",
    "NotActive",
    "Quotas",
    "await_active",
    "embedded_aws",
    "embedded_personalize",
]
