"""The composition root: makes everything of the server and puts it together. Nothing else knows the concrete parts."""

import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import asyncpg
import httpx
import structlog
from fastapi import FastAPI

from app.api import asyncapi
from app.api.application import Application, http_app
from app.api.http.services import Services, feed_turns
from app.api.platforms.driven import DrivenSource
from app.api.platforms.intake import Intake
from app.api.platforms.recognition import CallerLookUp, Recognition
from app.api.platforms.steered import SteeredWebhook
from app.api.platforms.webhooks import CtiWebhook
from app.api.sockets.channels import CHANNELS as SOCKET_CHANNELS
from app.api.sockets.doorkeeper import Doorkeeper
from app.api.sockets.endpoints import Sockets
from app.api.sockets.narrowed import Narrowed
from app.api.sockets.open_profiles import Profiles as OpenProfiles
from app.api.sockets.open_profiles import profiles_over
from app.api.sockets.tabs import Tabs
from app.api.sockets.witness import Witness
from app.auth.access_tokens import TokenService
from app.auth.passwords import Passwords
from app.auth.service import instance_secret, signing_key
from app.auth.sign_in import SignIn
from app.auth.standing import Standing
from app.core.clock import now
from app.core.guarding import Bounds, open_guarded_client
from app.core.tasks import Supervisor
from app.credit.adapters.http import HttpBureaus
from app.credit.desk import CreditDesk
from app.customers import masking
from app.customers.names.filling_in import keep_naming
from app.customers.pins import PinCheck, pin_check
from app.customers.segments.keeping import keep_judging
from app.customers.usage.sweeping import keep_catching_up, keep_sweeping
from app.db.embedded import kept_running
from app.db.engine import Sessions, close_engine, create_engine, dsn_of
from app.db.migrate import prepare
from app.db.partitions import keep_ahead
from app.db.pool import Lend, close_pool, lending, open_pool
from app.floor.alongside import Alongside
from app.floor.commands import OrderFailed
from app.floor.configuration.watching import ConfigurationWatch
from app.floor.errand_runner import ErrandRunner
from app.floor.errands import Errands
from app.floor.journal.announced import keep_announcing
from app.floor.journal.housekeeping import keep_tidy
from app.floor.orders.outbox import Outbox
from app.floor.orders.settling import Settling
from app.floor.running import at_work
from app.floor.service import Floor
from app.interactions.unknown import keep_adopting
from app.ivr.fetching import Fetching
from app.ivr.records.judging import Judge, judge
from app.ivr.records.publishing import keep_publishing
from app.ivr.vault import Vault
from app.privacy.after_commit import keep_erasing
from app.privacy.retaining import keep_retaining
from app.realtime.hub import Hub
from app.recordings.archive import Archive
from app.recordings.retention import keep_retention
from app.recordings.store import RecordingStore, bucket_store, folder_store
from app.settings import Settings
from app.subscriptions.channels import CHANNELS as SUBSCRIBER_CHANNELS
from app.subscriptions.delivering import Deliveries
from app.subscriptions.policy import Policy
from app.subscriptions.posting import Poster
from app.subscriptions.tidying import keep_deliveries_tidy
from app.telephony.adapters.asterisk_ari import fetching_recordings
from app.telephony.adapters.asterisk_ari import switches as asterisk_switches
from app.telephony.adapters.asterisk_ari.switches import AsteriskSwitches
from app.telephony.adapters.espeak.cache import Recordings
from app.telephony.adapters.espeak.engine import Espeak
from app.telephony.adapters.generic.adapter import GenericInbound
from app.telephony.adapters.generic.channels import CHANNELS as WEBHOOK_CHANNELS
from app.telephony.adapters.generic.client import GenericDriver, open_client
from app.telephony.adapters.twilio.client import open_client as open_twilio_client
from app.telephony.adapters.twilio.driver import TwilioDriver
from app.telephony.adapters.twilio.inbound import TwilioInbound
from app.telephony.directory import SourceDirectory
from app.telephony.drivers import ByPlatform
from app.telephony.port import Connections, Driver, RecordingSink

log = structlog.get_logger(__name__)


def create_app(settings: Settings) -> Application:
    """The server as an ASGI application. Everything starts and stops with its lifespan."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        made.complete()  # while nobody calls yet
        async with AsyncExitStack() as running:
            url = await running.enter_async_context(database(settings))
            await prepare(url)
            engine = create_engine(url, pool=settings.database.pool)
            running.push_async_callback(close_engine, engine)
            pool = await open_pool(url, settings.database.pool)
            running.push_async_callback(close_pool, pool)
            sessions = Sessions(engine)
            pins = await pin_check(sessions, Passwords(), now)
            archive = Archive(sessions, recording_store(settings), now, settings.recordings.days)
            policy = masking.policy(settings.masking.whole, settings.masking.reveal)
            needed = settings.profiles.reason == "needed"
            shown = profiles_over(pool, dsn_of(url), sessions, policy, now, reason_needed=needed)
            async with sessions.write() as session:
                said = await instance_secret(session, "prompts-key")
            live = await running.enter_async_context(live_floor(settings, url, pool, pins, archive, shown, said))
            live.tasks.start("open profiles", shown.watcher.run())
            live.tasks.start("reads of customers", shown.reads.run())
            live.tasks.start("partitions", keep_ahead(engine))
            live.tasks.start("housekeeping", keep_tidy(pool, settings.floor.id, now))
            live.tasks.start("unknown callers", keep_adopting(sessions, settings.telephony.region))
            live.tasks.start("retention of recordings", keep_retention(archive))
            live.tasks.start("what is left of erasures", keep_erasing(sessions, archive, now))
            live.tasks.start("retention", keep_retaining(sessions, now, settings.telephony.region))
            live.tasks.start("publishing of flows", keep_publishing(sessions, now, judge_of(settings)))
            live.tasks.start("sweep of usage", keep_sweeping(sessions, now))
            live.tasks.start("second looks at usage", keep_catching_up(sessions, now))
            live.tasks.start("names of bulk imports", keep_naming(sessions))
            live.tasks.start("tiers and segments", keep_judging(sessions, now))
            bureaus = await running.enter_async_context(open_guarded_client(settings.credit.networks))
            asked = HttpBureaus(bureaus, settings.credit.revealed, settings.credit.hosts)
            credit = CreditDesk(sessions, asked, now)
            outward = await running.enter_async_context(open_guarded_client(settings.webhooks.networks))
            tell_subscribers(live.tasks, sessions, outward)
            app.state.services = await services(settings, sessions, lending(pool), live, archive, credit)
            live.join(made, app.state.services)
            yield

    made = http_app(lifespan=lifespan)
    return made


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[str]:
    """The address of the database: the one that is set, or the embedded server's for as long as it is needed."""
    if settings.database.url is not None:
        yield settings.database.url.get_secret_value()
        return
    async with kept_running(settings.database_folder) as url:
        yield url


def recording_store(settings: Settings) -> RecordingStore:
    """Where the audio of recordings goes."""
    given = settings.recordings
    if given.bucket is None:
        return folder_store(settings.recordings_folder)
    secret = given.secret_key.get_secret_value() if given.secret_key is not None else None
    return bucket_store(
        given.bucket, endpoint=given.endpoint, region=given.region, access_key=given.access_key, secret_key=secret
    )


async def services(
    settings: Settings, sessions: Sessions, lend: Lend, live: "Live", archive: Archive, credit: CreditDesk
) -> Services:
    """What the endpoints work with."""
    async with sessions.write() as session:
        key = await signing_key(session)
    tokens = TokenService(key, now, settings.tokens.access_seconds)
    passwords = Passwords()
    return Services(
        sessions=sessions,
        lend=lend,
        tokens=tokens,
        passwords=passwords,
        sign_in=SignIn(sessions, passwords, tokens, now, settings.tokens.refresh_seconds, settings.signin.failures),
        clock=now,
        floor=live.floor,
        archive=archive,
        credit=credit,
        profiles=live.profiles.watcher.profiles,
        reads=live.profiles.reads,
        masking=live.profiles.masking,
        reveals_an_hour=settings.masking.reveals,
        reason_needed=live.profiles.reason_needed,
        webhooks=Bounds(settings.webhooks.networks),
        connections=live.connections,
        default_region=settings.telephony.region,
        judge=judge_of(settings),
        speech=speech_engine(settings),
        recordings=prompt_recordings(settings),
        media_url=settings.media.url,
        media_seconds=settings.media.seconds,
        feeds=feed_turns(settings.database.pool),
    )


def tell_subscribers(tasks: Supervisor, sessions: Sessions, client: httpx.AsyncClient) -> None:
    """Changes told to other systems: in every process, which share the work."""
    policy = Policy()
    deliveries = Deliveries(sessions, Poster(client, now, policy.attempt), now, policy)
    tasks.start("webhooks to subscribers", deliveries.run())
    tasks.start("contacts for subscribers", keep_announcing(sessions))
    tasks.start("housekeeping of webhooks", keep_deliveries_tidy(sessions, now))


def judge_of(settings: Settings) -> Judge:
    """The judgement of flows, which knows what secrets there are here by their names."""
    return partial(judge, secrets=frozenset(settings.flow.secrets))


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The floor and everything that speaks for it to platforms and people."""

    tasks: Supervisor
    floor: Floor
    hub: Hub
    narrowed: Narrowed
    directory: SourceDirectory
    recognition: Recognition
    vault: Vault
    driver: Driver
    intake: Intake
    connections: Connections
    profiles: OpenProfiles

    def join(self, app: Application, services: Services) -> None:
        """Put webhooks, sockets and the description of both into the application."""
        webhook = CtiWebhook(
            adapter=GenericInbound(),
            directory=self.directory,
            floor=self.floor,
            recognition=self.recognition,
            clock=now,
            vault=self.vault,
        )
        doorkeeper = Doorkeeper(Standing(services.lend))
        self.tasks.start("sign-ins behind sockets", doorkeeper.run())
        sockets = Sockets(
            doorkeeper=doorkeeper,
            profiles=self.profiles,
            floor=self.floor,
            hub=self.hub,
            narrowed=self.narrowed,
            verify=services.tokens.verify,
            recognition=self.recognition,
            tabs=Tabs(self.floor, self.tasks),
            clock=now,
        )
        described = asyncapi.asyncapi_route((*SOCKET_CHANNELS, *WEBHOOK_CHANNELS, *SUBSCRIBER_CHANNELS))
        app.router.routes[0:0] = [*sockets.routes(), described]
        twilio = SteeredWebhook(
            platform="twilio",
            adapter=TwilioInbound(),
            directory=self.directory,
            floor=self.floor,
            intake=self.intake,
            driver=self.driver,
            clock=now,
        )
        app.serve_first(twilio.route())
        app.serve_first(webhook.route())


def speech_engine(settings: Settings, key: bytes | None = None) -> Espeak:
    """The engine of this machine, and where it keeps what it has said."""
    return Espeak(prompt_recordings(settings), key=key)


def prompt_recordings(settings: Settings) -> Recordings:
    """Where recordings of prompts are."""
    return Recordings(settings.speech_folder, settings.media.megabytes * 1024 * 1024)


@asynccontextmanager
async def live_floor(
    settings: Settings,
    url: str,
    pool: "asyncpg.Pool[Any]",
    pins: PinCheck,
    recordings: RecordingSink,
    shown: OpenProfiles,
    said: bytes,
) -> AsyncIterator[Live]:
    """The floor, running: it owns or stands by, delivers its orders and follows the configuration. What callers hear is
    kept under names that `said` keys."""
    sight = shown.masking.sight("agent")
    tasks, hub, vault, directory = Supervisor(_stop_the_process), Hub(), Vault(now), SourceDirectory()
    narrowed = Narrowed(hub)
    recognition = Recognition(CallerLookUp(pool, settings.telephony.region, now, sight).look_up)
    async with (
        open_client() as http,
        open_twilio_client() as cloud,
        open_guarded_client(settings.flow.networks) as out,
        fetching_recordings.open_client() as audio,
    ):

        def driven(source: str) -> DrivenSource:
            return DrivenSource(source, intake, floor)

        speech = speech_engine(settings, said)
        asterisks = AsteriskSwitches(directory, speech, driven, recordings, audio, now, _stop_the_process)
        driver = drivers(GenericDriver(http, now), TwilioDriver(cloud, now), asterisks)
        runner = errand_runner(settings, pool, pins, vault, out, sight)
        floor = Floor(
            dsn=dsn_of(url),
            floor=settings.floor.id,
            pool=pool,
            clock=now,
            publisher=Witness(hub, narrowed, shown.reads, shown.watcher.poke, shown.watcher),
            orders=Alongside(outbox(settings, url, directory, driver, lambda: floor), [asterisks]),
            errands=Errands(runner.run, lambda answer: floor.submit(answer)),
            region=settings.telephony.region,
            batch=settings.floor.batch,
            takeover_seconds=settings.floor.takeover_seconds,
        )
        intake = Intake(floor, recognition, vault)
        watch = ConfigurationWatch(pool, directory, floor.configure, settings.telephony.region)
        async with at_work(floor, watch, hub, tasks):
            yield Live(
                tasks=tasks,
                floor=floor,
                hub=hub,
                narrowed=narrowed,
                directory=directory,
                recognition=recognition,
                vault=vault,
                driver=driver,
                intake=intake,
                connections=asterisks,
                profiles=shown,
            )


def drivers(generic: GenericDriver, twilio: TwilioDriver, asterisks: AsteriskSwitches) -> Driver:
    """What carries out the floor's orders, whatever the platform."""
    return ByPlatform({"generic": generic, "twilio": twilio, asterisk_switches.PLATFORM: asterisks})


def outbox(
    settings: Settings, url: str, directory: SourceDirectory, driver: Driver, told: Callable[[], Floor]
) -> Outbox:
    """The delivery of the floor's orders to the platforms; the floor is told which failed."""
    return Outbox(
        floor=settings.floor.id,
        directory=directory,
        driver=driver,
        settling=Settling(lambda: asyncpg.connect(dsn_of(url), timeout=5), settings.floor.id),
        on_failed=lambda failed: _report(told(), failed),
        clock=now,
        on_death=_stop_the_process,
    )


def errand_runner(
    settings: Settings,
    pool: "asyncpg.Pool[Any]",
    pins: PinCheck,
    vault: Vault,
    client: httpx.AsyncClient,
    sight: masking.Sight,
) -> ErrandRunner:
    """What flows ask for that takes its time: requests to other systems, PINs, look-ups."""
    fetching = Fetching(client, settings.flow.revealed, settings.flow.hosts)
    return ErrandRunner(fetch=fetching.fetch, pins=pins, vault=vault, pool=pool, clock=now, sight=sight)


async def _report(floor: Floor, failed: OrderFailed) -> object:
    return await floor.submit(failed, "outbox", str(failed.order_id))


def _stop_the_process(name: str, error: BaseException) -> None:
    """A part that has died is not lived without: stop in order, and let whoever supervises us start us anew."""
    log.critical("stopping, because a part of the server died", part=name, error=repr(error))
    signal.raise_signal(signal.SIGTERM)
