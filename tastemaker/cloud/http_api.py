"""An HTTP API as it was deployed: its routes, CORS and throttles, and the rules by which API Gateway applies them."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tastemaker.personalize.clock import Clock

DEFAULT_ROUTE = "$default"
DEFAULT_STAGE = "$default"


@dataclass(frozen=True)
class Throttle:
    """A token bucket: `rate` requests a second in the long run, `burst` of them at once."""

    rate: float
    burst: int


@dataclass(frozen=True)
class Cors:
    """An API's CorsConfiguration. An origin may be `*`, or `https://*` for any host of a scheme."""

    allow_origins: tuple[str, ...] = ()
    allow_methods: tuple[str, ...] = ()
    allow_headers: tuple[str, ...] = ()
    expose_headers: tuple[str, ...] = ()
    max_age: int | None = None
    allow_credentials: bool = False

    def headers(self, origin: str) -> list[tuple[str, str]]:
        """What a response to `origin` carries; nothing where the origin isn't allowed."""
        allowed = self._allowed(origin)
        if allowed is None:
            return []
        headers = [("access-control-allow-origin", allowed)]
        if self.allow_credentials:
            headers.append(("access-control-allow-credentials", "true"))
        if self.expose_headers:
            headers.append(("access-control-expose-headers", ",".join(self.expose_headers)))
        return headers

    def preflight_headers(self, origin: str) -> list[tuple[str, str]]:
        """What the answer to a preflight request of `origin` carries; nothing where the origin isn't allowed."""
        headers = self.headers(origin)
        if not headers:
            return []
        if self.allow_methods:
            headers.append(("access-control-allow-methods", ",".join(self.allow_methods)))
        if self.allow_headers:
            headers.append(("access-control-allow-headers", ",".join(self.allow_headers)))
        if self.max_age is not None:
            headers.append(("access-control-max-age", str(self.max_age)))
        return headers

    def _allowed(self, origin: str) -> str | None:
        for pattern in self.allow_origins:
            if pattern == "*":
                return "*"
            if pattern == origin or (pattern.endswith("://*") and origin.startswith(pattern[:-1])):
                return origin
        return None


@dataclass(frozen=True)
class HttpRoute:
    """`key` as in the template: `GET /items/{id}`, `ANY /{proxy+}`, `$default`; `function` is a name or an ARN."""

    key: str
    function: str
    throttle: Throttle | None = None
    timeout_seconds: float = 30.0


@dataclass(frozen=True)
class HttpApi:
    """An API with one stage. `throttle` holds for each route that has none of its own, in a bucket of its own."""

    api_id: str
    routes: tuple[HttpRoute, ...]
    cors: Cors | None = None
    throttle: Throttle | None = None
    stage: str = DEFAULT_STAGE
    account_id: str = "123456789012"


@dataclass(frozen=True)
class RouteMatch:
    """A route, and what its path variables stand for."""

    route: HttpRoute
    path_parameters: Mapping[str, str] = field(default_factory=dict)


class Router:
    """Finds the route for a request: the most specific path wins, a method wins over ANY, `$default` comes last."""

    def __init__(self, routes: Sequence[HttpRoute]) -> None:
        self._default = next((route for route in routes if route.key == DEFAULT_ROUTE), None)
        self._routes = sorted((route for route in routes if route.key != DEFAULT_ROUTE), key=_specificity)

    def match(self, method: str, path: str) -> RouteMatch | None:
        """The match for a decoded path, without the stage's name; None where there is no route."""
        segments = path.split("/")
        for route in self._routes:
            wanted, _, template = route.key.partition(" ")
            if wanted in (method, "ANY"):
                parameters = _match(template.split("/"), segments)
                if parameters is not None:
                    return RouteMatch(route, parameters)
        return RouteMatch(self._default) if self._default else None


def _specificity(route: HttpRoute) -> tuple[list[int], bool]:
    """Sorts literal segments before variables before greedy ones, from the left, and ANY behind every method."""
    method, _, template = route.key.partition(" ")
    kinds = [2 if part.endswith("+}") else 1 if part.startswith("{") else 0 for part in template.split("/")]
    return kinds, method == "ANY"


def _match(template: Sequence[str], segments: Sequence[str]) -> dict[str, str] | None:
    parameters: dict[str, str] = {}
    for position, part in enumerate(template):
        if part.endswith("+}"):
            rest = "/".join(segments[position:])
            return {**parameters, part[1:-2]: rest} if rest else None
        if position >= len(segments):
            return None
        if part.startswith("{") and segments[position]:
            parameters[part[1:-1]] = segments[position]
        elif part != segments[position]:
            return None
    return parameters if len(segments) == len(template) else None


class TokenBucket:
    """Lets requests through as a `Throttle` says, by the clock it was given."""

    def __init__(self, throttle: Throttle, clock: Clock) -> None:
        self._throttle = throttle
        self._clock = clock
        self._tokens = float(throttle.burst)
        self._filled_at = clock.now()
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Take a token; whether there was one."""
        with self._lock:
            now = self._clock.now()
            gained = max(0.0, now - self._filled_at) * self._throttle.rate
            self._tokens = min(float(self._throttle.burst), self._tokens + gained)
            self._filled_at = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
            return True
