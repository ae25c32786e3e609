"""Open the store and run units of work in it: one transaction each, all or nothing."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from core.storage import personal_models, registry_models, review_models  # noqa: F401 - makes their tables known.
from core.storage.audit import AuditTrail
from core.storage.chat import Chat
from core.storage.consents import Consents
from core.storage.console_sessions import ConsoleSessions
from core.storage.drafts import Drafts
from core.storage.engines import away_as_unavailable, open_engines
from core.storage.favourites import Favourites
from core.storage.features import FeatureRecord
from core.storage.forgetting import Forgetting
from core.storage.holds import Holds
from core.storage.jobs import Jobs
from core.storage.label_checks import LabelChecks
from core.storage.labels import Labels
from core.storage.lineage import Lineage
from core.storage.member_settings import SettingsOfMembers
from core.storage.members import Members
from core.storage.moderators import Moderators
from core.storage.notices import Notices
from core.storage.outbox import Outbox
from core.storage.personal import Personal
from core.storage.pictures import Pictures
from core.storage.policies import Policies
from core.storage.registry import Registry
from core.storage.reports import Reports
from core.storage.review_cards import ReviewCards
from core.storage.reviews import Reviews
from core.storage.rewrites import Rewrites
from core.storage.sanction_notices import SanctionNotices
from core.storage.sanctions import Sanctions
from core.storage.shadows import Shadows
from core.storage.statistics import StatisticsOfWork
from core.storage.styles import Styles
from core.storage.takedowns import Takedowns
from core.storage.transparency import TransparencyCounts
from core.storage.turns import Turns
from core.storage.uploads import Uploads
from core.storage.usage import Usage
from core.storage.verdicts import Verdicts


class Unit:
    """One transaction's view of everything stored; what it wrote shows only once it ends well."""

    def __init__(self, session: Session) -> None:
        self.audit = AuditTrail(session)
        self.outbox = Outbox(session)
        self.notices = Notices(session)
        self.turns = Turns(session)
        self.reviews = Reviews(session)
        self.review_cards = ReviewCards(session)
        self.jobs = Jobs(
            session,
            outbox=self.outbox,
            notices=self.notices,
            audit=self.audit,
            turns=self.turns,
            reviews=self.reviews,
        )
        self.verdicts = Verdicts(session, audit=self.audit)
        self.pictures = Pictures(session)
        self.registry = Registry(session)
        self.lineage = Lineage(session)
        self.takedowns = Takedowns(session, audit=self.audit)
        self.label_checks = LabelChecks(session)
        self.usage = Usage(session)
        self.drafts = Drafts(session)
        self.reports = Reports(session)
        self.rewrites = Rewrites(session)
        self.chat = Chat(session)
        self.settings = SettingsOfMembers(session)
        self.consents = Consents(session)
        self.styles = Styles(session)
        self.favourites = Favourites(session)
        self.uploads = Uploads(session)
        self.policies = Policies(session)
        self.features = FeatureRecord(session)
        self.shadows = Shadows(session)
        self.labels = Labels(session)
        self.holds = Holds(session)
        self.transparency = TransparencyCounts(session)
        self.statistics = StatisticsOfWork(session, counts=self.transparency)
        self.personal = Personal(session)
        self.moderators = Moderators(session)
        self.console_sessions = ConsoleSessions(session)
        self.forgetting = Forgetting(session)
        self.members = Members(session)
        self.sanction_notices = SanctionNotices(session)
        self.sanctions = Sanctions(session, notices=self.sanction_notices)


class Store:
    """Everything that must survive a killed process, on SQLite or Postgres.

    Made once a process and shared by its threads; making it touches neither disk nor network.
    """

    def __init__(self, url: str) -> None:
        self._engines = open_engines(url)

    def migrate(self) -> None:
        """Bring the tables to this version; several processes may do so at once.

        Raises:
            Unavailable: `database_away`.
        """
        from core.storage.migrations.upgrade import upgrade

        with away_as_unavailable():
            upgrade(self._engines)

    @contextmanager
    def unit(self) -> Iterator[Unit]:
        """Do things together: committed on a clean exit, rolled back on an exception.

        On SQLite units queue for the one write lock, so keep slow work out of them.

        Raises:
            Unavailable: `database_away`; nothing was changed.
        """
        with self._engines.turn_to_write(), _transaction(self._engines.writing) as unit:
            yield unit

    @contextmanager
    def reading(self) -> Iterator[Unit]:
        """Read things as they were at one moment, without waiting for writers; writes are refused.

        Raises:
            Unavailable: `database_away`.
        """
        with _transaction(self._engines.reading) as unit:
            yield unit

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises:
            Unavailable: `database_away`.
        """
        with away_as_unavailable(), self._engines.reading.begin() as connection:
            connection.execute(text("SELECT 1"))

    def close(self) -> None:
        """Close every connection; the store opens new ones if it is used again."""
        self._engines.close()


@contextmanager
def _transaction(engine: Engine) -> Iterator[Unit]:
    with (
        away_as_unavailable(),
        Session(engine, expire_on_commit=False) as session,
        session.begin(),
    ):
        unit = Unit(session)
        yield unit
        unit.audit.seal()
