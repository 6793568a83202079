"""What commands and the application work with: configuration, demo, MongoDB, budget, meters."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from linky_tui import config as configuration
from linky_tui.config import Config, Meter
from linky_tui.domain.models import Series
from linky_tui.domain.paris import utc_now
from linky_tui.enedis.timing import Timing
from linky_tui.errors import (
    ConfigError,
    LinkyError,
    OutOfSpace,
    StorageUnavailable,
    TokenRefused,
)
from linky_tui.system import paths

if TYPE_CHECKING:
    from linky_tui.enedis.budget import Budget
    from linky_tui.ingest.requests.run import RequestRun
    from linky_tui.storage.store import Store


@dataclass(frozen=True, slots=True)
class ReadyMeter:
    """A configured meter, and whether it can be worked on."""

    series: Series  # the series
    token: str = field(repr=False)  # the gateway's token
    problem: LinkyError | None = None  # why it cannot, or `None`


@dataclass(frozen=True, slots=True)
class Session:
    """A configuration and whether it is the demo's."""

    config: Config  # the configuration; in the demo its meter is the simulated home
    demo: bool  # whether everything is simulated
    timing: ClassVar[Timing] = Timing()  # how long its runs wait for the gateway

    @contextmanager
    def store(self, stop: threading.Event | None = None) -> Iterator[Store]:
        """Both collections, on the configured MongoDB or on our own local server.

        Raises:
            LinkyError: MongoDB cannot be reached or started, or the collections are not ours.
        """
        from linky_tui.storage.connection import connect
        from linky_tui.storage.store import Store

        connection = connect(
            self.config.mongodb,
            paths.data_dir(demo=self.demo),
            paths.runtime_dir(demo=self.demo),
            stop=stop,
        )
        with connection:
            state_dir = paths.private_dir(paths.state_dir(demo=self.demo))
            try:
                yield Store.open(connection, self.config.mongodb, state_dir)
            except (StorageUnavailable, OutOfSpace) as error:
                raise connection.explained(error) from None

    def budget(self) -> Budget:
        """The request budget of the configured gateway; without limit or pace in the demo."""
        from linky_tui.enedis.budget import Budget, clamp
        from linky_tui.enedis.hosts import host_of

        enedis = self.config.enedis
        if self.demo:
            return Budget(None, host_of(enedis.api_url), per_day=None, min_seconds=0.0)
        limits = clamp(enedis.api_url, enedis.requests_per_day, enedis.seconds_between_requests)
        return Budget(
            paths.private_dir(paths.state_dir()) / "requests.sqlite",
            host_of(enedis.api_url),
            per_day=limits.per_day,
            min_seconds=limits.min_seconds,
            arrival_s=limits.arrival_s,
        )

    @contextmanager
    def requests(self, store: Store, stop: threading.Event) -> Iterator[RequestRun]:
        """What sends the requests of one run."""
        from linky_tui.enedis.client import ConsoClient
        from linky_tui.ingest.requests.run import RequestRun

        url, timing = self.config.enedis.api_url, self.timing
        shared = None if self.demo else store.requests
        with ConsoClient(url, timeouts=timing.timeouts_s, deadline_s=timing.deadline_s) as client:
            yield RequestRun(client, self.budget(), shared, stop, backoff_s=timing.backoff_s)


@contextmanager
def open_session(config_file: Path | None, *, demo: bool) -> Iterator[Session]:
    """Load the configuration; in the demo, start the simulated gateway as well.

    Raises:
        ConfigError: the configuration is wrong.
    """
    config = configuration.load(config_file, demo=demo)
    with ExitStack() as stack:
        if demo:
            from linky_tui.demo.household import demo_homes
            from linky_tui.demo.server import ApiServer

            homes = demo_homes()
            server = stack.enter_context(ApiServer(homes, block_after=None))
            config = _demo_config(config, server.url, server.token, tuple(homes))
        yield Session(config, demo)


def ready_meters(config: Config) -> tuple[ReadyMeter, ...]:
    """The configured meters, each with what its token says against it.

    The token is a JWT and read locally, which spares a request that would be refused. A gateway
    on loopback may hand out tokens of another kind: there it has the last word.

    Raises:
        ConfigError: there is no meter, or a meter has no token, or no PRM can be told.
    """
    from linky_tui.config.checks import is_loopback
    from linky_tui.enedis.hosts import hostname_of

    config.require_meters()
    meters = with_token_prms(config).meters
    foreign = is_loopback(hostname_of(config.enedis.api_url))
    return tuple(
        ReadyMeter(meter.series, meter.token, _token_problem(meter, foreign=foreign))
        for meter in meters
    )


def with_token_prms(config: Config) -> Config:
    """The same with the PRM that the token covers, where a meter lacks one.

    Raises:
        ConfigError: the token cannot be read, or does not cover exactly one meter.
    """
    if not config.prm_from_token:
        return config
    from linky_tui.enedis.token import read_token

    return config.with_prms(read_token(config.meters[0].token).prms)


def _token_problem(meter: Meter, *, foreign: bool) -> LinkyError | None:
    """Why the gateway will refuse the meter's token, as far as the token itself tells."""
    from linky_tui.enedis.token import read_token

    try:
        info = read_token(meter.token)
    except ConfigError as error:
        return None if foreign else error
    problems = info.problems(meter.prm, utc_now())
    if not problems or (foreign and not info.prms):
        return None
    if len(problems) == 1 and info.prms and meter.prm not in info.prms:
        title = "The token is for another meter"
        todo = "Correct the PRM in the settings, or get a token for this meter at"
        todo = f"{todo} https://conso.boris.sh."
    else:
        title = "The token will be refused"
        todo = "Get a new token at https://conso.boris.sh and enter it in the settings."
    return TokenRefused(title, " ".join(problems), f"{todo} No request was sent.")


def _demo_config(config: Config, url: str, token: str, prms: tuple[str, ...]) -> Config:
    """The demo's own configuration: the simulated home, always on our own local server.

    A MongoDB address is left out, so that simulated readings never reach a real database.
    """
    return replace(
        config,
        mongodb=replace(config.mongodb, uri=""),
        enedis=replace(config.enedis, api_url=url),
        meters=tuple(Meter(prm=prm, token=token, name="Demo home") for prm in prms),
    )
