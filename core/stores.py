"""What the core needs remembered: jobs and money, what admins decide, what operators were told."""

from collections.abc import Mapping, Sequence
from typing import Protocol, Unpack

from core.domain.admission import Admission, Admitted, Supposed
from core.domain.audit import Act, AuditEntry, Outcome
from core.domain.communities import Approval, Newcomer
from core.domain.kept_orders import Call, KeptOrder
from core.domain.lifecycle import DeliveryState, Reason, State
from core.domain.models import (
    Asker,
    Caller,
    Changes,
    DeliveryChanges,
    Destination,
    GenerationChanges,
    Job,
    MoveChanges,
    Order,
    Person,
)
from core.domain.pronunciation import Pronunciation
from core.domain.quota import LimitName, Limits, Quota, QuotaSource, Standing
from core.domain.refusals import Limit
from core.domain.reported import Message, Report
from core.domain.reports import Community, CreditRequest, Entry, ReportedEntry, Usage
from core.domain.troubles import Key
from core.domain.warnings import BudgetWarning


class CreditRequestStore(Protocol):
    """Remembers credit requests, and the orders that wait for them. Raises StoreError."""

    async def ask(
        self, credit_request_id: str, caller: Caller, amount_micros: int, order_id: str = "", *, goes: bool = False
    ) -> CreditRequest | None:
        """Keep a member's credit request, and with it their order; None where the last is open, or was decided lately.

        `goes`: the order is to go as soon as there is credit for it.
        """
        ...

    async def withdraw(self, credit_request_id: str, caller: Caller) -> None:
        """Forget a member's open credit request; an order that was kept with it is as it was before."""
        ...

    async def claim_call(self, community: str, about: Call, pause_ms: int) -> bool:
        """Return whether it is our turn to call those who administer a community: nobody has for so long."""
        ...

    async def drop_call(self, community: str, about: Call) -> None:
        """Forget a call that was claimed and not made."""
        ...

    async def keep_order(self, order_id: str, order: Order, cost_micros: int) -> str:
        """Keep an order that was refused; return its id, the former one for the same event."""
        ...

    async def kept_order(self, caller: Caller, order_id: str) -> KeptOrder:
        """Return an order that is kept. Raises NotFound where it is no longer, NotPermitted for another member's."""
        ...

    async def kept_with(self, credit_request_id: str, community: str) -> KeptOrder | None:
        """Return the order that is kept with a credit request, if one is."""
        ...

    async def placed_for(self, member: str, placed_id: str) -> str | None:
        """Return the community for which an order of a member's is kept, or offered; None where none is."""
        ...

    async def drop_kept(self, order_id: str) -> None:
        """Forget an order that was kept."""
        ...

    async def forget_kept(self) -> None:
        """Forget the orders that were kept for long enough."""
        ...


class ReportStore(Protocol):
    """Remembers audio that members reported. Raises StoreError."""

    async def file_report(self, caller: Caller, job_id: str, messages: Sequence[Message]) -> tuple[Report, bool]:
        """Keep a member's report; return also whether it is our turn to tell the admins of it.

        It is where nobody has told them, and nobody else is about to. Raises NotReported.
        """
        ...

    async def withdraw_report(self, caller: Caller, job_id: str) -> None:
        """Forget a member's report, and let the next who reports it tell the admins."""
        ...

    async def note_notice(self, job_id: str, notice: Message) -> Report | None:
        """Note where admins were told of a report; return it as it is then."""
        ...

    async def forget_notice(self, job_id: str, notice: Message) -> bool:
        """Note that admins see it there no longer; return whether it is our turn to tell them anew."""
        ...

    async def report(self, job_id: str, community: str | None = None) -> Report | None:
        """Return what was reported of an order, if anything; in that community, where one is named."""
        ...

    async def reporters(self, job_id: str, most: int) -> Sequence[Person]:
        """Return those who reported an order's audio, the first first."""
        ...

    async def reported_messages(self, job_id: str) -> Sequence[Message]:
        """Return the messages that they meant."""
        ...

    async def note_deleted(self, job_id: str) -> None:
        """Note that its chat has none of these any longer."""
        ...

    async def forget_reports(self) -> None:
        """Forget what was reported long ago."""
        ...


class Store(CreditRequestStore, ReportStore, Protocol):
    """Remembers jobs and money. Each method is one transaction; a failure leaves nothing half done.

    Raises StoreError; StaleJob where a job has moved on, or to another worker, since it was read.
    """

    async def admit(self, admission: Admission) -> Admitted:
        """Decide on an order and, if it is admitted, write job, hold and ledger entry, all in one transaction.

        One that `repeats` holds nothing where the same audio is kept, of its member's newest job or else of one of the
        same channel: that job is opened to be delivered again.
        """
        ...

    async def move(self, job: Job, number: int, to: State, **changed: Unpack[MoveChanges]) -> Job:
        """Move one of a job's generations along its table, with changes to its other fields.

        With the last that ends, the job comes to its own outcome (`lifecycle.concluded`): its hold is charged or
        released, and where it is ready it has a first delivery, to its destination.
        """
        ...

    async def cancel(self, job: Job, reason: Reason) -> Job:
        """Cancel what of a job waits for its submission. Raises StaleJob where nothing does."""
        ...

    async def choose(self, job: Job, *, take: bool) -> Job:
        """Take the parts that a job has, and charge them, or nothing."""
        ...

    async def note(self, job: Job, number: int, **changed: Unpack[GenerationChanges]) -> Job:
        """Change fields of a generation that stays in its state."""
        ...

    async def move_delivery(self, job: Job, to: DeliveryState, **changed: Unpack[DeliveryChanges]) -> Job:
        """Move a job's newest delivery along its table.

        Once it is sent, the job is closed as `close_job` does; to be sent again, it is opened.
        """
        ...

    async def update(self, job: Job, **changed: Unpack[Changes]) -> Job:
        """Change fields of a job that stays in its state."""
        ...

    async def close_job(self, job: Job, destination: Destination | None = None) -> Job:
        """Record that nothing is left to do, and wipe where it went to: a destination may hold a short-lived token.

        `destination`: what is kept of it for audio that may come late.
        """
        ...

    async def redeliver(self, job: Job, destination: Destination, asker: Asker | None = None) -> Job:
        """Open a job to have its audio delivered to there: by the delivery that failed, or by one more.

        `asker`: who has it sent, unless that is its member. Raises StaleJob where it is on its way, or not kept.
        """
        ...

    async def pronunciation_owners(self) -> frozenset[str]:
        """Return the keys of the members and communities that have pronunciations."""
        ...

    async def pronunciations(self, community: str, member: str) -> list[Pronunciation]:
        """Return a member's pronunciations and their community's."""
        ...

    async def pronounce(self, caller: Caller, entry: Pronunciation, most: int) -> bool:
        """Set one of a member's pronunciations; return whether there is room."""
        ...

    async def unpronounce(self, caller: Caller, folded: str) -> bool:
        """Take one of a member's pronunciations away; return whether there was one."""
        ...

    async def history(self, member: str, community: str | None, most: int) -> list[Job]:
        """Return a member's newest jobs that are closed and whose audio is kept; None: of all communities."""
        ...

    async def drop_artifacts(self, job: Job, *, chat_keeps: bool = False) -> bool:
        """Note that a job's files are not kept any longer; False where it is open, and needs them.

        `chat_keeps`: its chat keeps the audio all the same; else that is forgotten too.
        """
        ...

    async def place(self, job_id: str, destination: Destination) -> None:
        """Note more about where an open job goes, whatever its state."""
        ...

    async def job(self, job_id: str) -> Job | None:
        """Return a job."""
        ...

    async def ordered(self, event_id: str) -> Job | None:
        """Return the job that a platform's event has become, or that was sent again in answer to it."""
        ...

    async def again(self, job: Job) -> Job:
        """Return a job as it is now. Raises StaleJob where another worker carries it."""
        ...

    async def unfinished(self) -> list[Job]:
        """Return every job that a worker must carry on, oldest first."""
        ...

    async def oldest_waiting(self) -> Job | None:
        """Return the order that has waited longest for its submission."""
        ...

    async def asked_before(self, before_ms: int, most: int) -> list[Job]:
        """Return jobs whose members have been asked since then what they take, and have not said."""
        ...

    async def kept_before(self, before_ms: int, most: int) -> list[Job]:
        """Return jobs that were closed before then and whose files are still kept, oldest first."""
        ...

    async def awaited_before(self, before_ms: int, most: int) -> list[Job]:
        """Return jobs that were closed before then and whose audio may come late, oldest first."""
        ...

    async def standing(self, community: str, member: str, operator_quota: Quota, roles: Sequence[str] = ()) -> Standing:
        """Return what a member may spend now."""
        ...

    async def claim_warning(self, community: str, member: str, warning: BudgetWarning) -> bool:
        """Return whether it is our turn to warn: nobody has of as much of that budget, in this period of it."""
        ...

    async def drop_warning(self, community: str, member: str, warning: BudgetWarning) -> None:
        """Let the next who claims it warn, since nobody could be."""
        ...

    async def default_voices(self, community: str, member: str) -> tuple[str, str]:
        """Return the voices that a member and a community's admins chose to speak by default; "" is none."""
        ...

    async def choose_voice(self, member: str, voice: str) -> None:
        """Keep a member's choice; "" takes it away."""
        ...

    async def favourite_voices(self, member: str) -> frozenset[str]:
        """Return the voices that a member likes best."""
        ...

    async def mark_voice(self, member: str, voice: str, *, liked: bool) -> None:
        """Make a voice one of a member's favourites, or take it from them."""
        ...

    async def offer(self, offer_id: str, order: Order, cost_micros: int, expires_ms: int) -> str:
        """Keep an order until its member agrees or chooses; return its id, the former one for the same event."""
        ...

    async def read_offer(self, caller: Caller, offer_id: str) -> tuple[Order, int]:
        """Return what was offered and its cost in micros. Raises NotFound when it has expired, NotPermitted."""
        ...

    async def drop_offer(self, offer_id: str) -> None:
        """Forget an offer."""
        ...

    async def entries(self, community: str, member: str, most: int) -> list[Entry]:
        """Return a member's newest ledger entries."""
        ...

    async def remember(self, community: str, person: Person, handle: str | None) -> None:
        """Keep the current name and @name of a member that was seen."""
        ...

    async def see_community(
        self, community: str, title: str, member: str = "", name: str = "", *, was_added: bool = False, locale: str = ""
    ) -> tuple[bool, bool]:
        """Keep a community that may be new, with who was heard there first, or added the bot, and its language.

        Return whether it is new, and whether it may order.
        """
        ...

    async def decision(self, community: str) -> Approval:
        """Return what was decided about a community."""
        ...

    async def move_community(self, old: str, new: str) -> None:
        """Carry quotas, balances, usage and jobs over to a community's new key."""
        ...


class AdminStore(Protocol):
    """Remembers what admins decide. Each change is one transaction with its audit entry, old value included."""

    async def set_quota(self, act: Act, kind: QuotaSource, quota: Quota | None) -> bool:
        """Set the quota of the act's target, which is of that kind; None takes it away, if there is one to take."""
        ...

    async def standing(self, community: str, member: str, operator_quota: Quota, roles: Sequence[str] = ()) -> Standing:
        """Return what a member may spend now."""
        ...

    async def refusal(self, supposed: Supposed) -> tuple[Limit | None, Standing]:
        """Return what would refuse an order, by the decision that an order meets. Raises NotFound for its community."""
        ...

    async def find_handle(self, community: str, handle: str) -> Person | None:
        """Return the member that last used this @name (any case) here, or None."""
        ...

    async def find_member(self, community: str, member: str) -> Person | None:
        """Return a member that was seen here, or None."""
        ...

    async def credit(self, act: Act, person: Person, amount_micros: int, reason: str) -> int:
        """Add to a balance, or take from it, with a ledger entry; return the balance. Raises NotEnough."""
        ...

    async def decide(self, act: Act, credit_request_id: str, *, approve: bool) -> CreditRequest:
        """Close a member's open request, and credit it if approved. Raises NotFound, Decided."""
        ...

    async def block(self, act: Act, person: Person, until_ms: int | None) -> None:
        """Refuse a member's orders until then, or for good."""
        ...

    async def unblock(self, act: Act, person: Person) -> bool:
        """Take a member's orders again; return whether they were refused."""
        ...

    async def take_away(self, act: Act, job_id: str) -> None:
        """Put the audio of a reported order out of reach. Raises StaleJob where it is being sent, or was decided on."""
        ...

    async def dismiss(self, act: Act, job_id: str) -> None:
        """Leave what was reported as it is. Raises StaleJob where it was decided on."""
        ...

    async def block_reported(self, act: Act, report: Report, until_ms: int) -> None:
        """Block whoever ordered what was reported.

        Raises StaleJob where that was done or dismissed, or they are blocked for as long.
        """
        ...

    async def set_pronunciation(self, act: Act, entry: Pronunciation, most: int) -> bool:
        """Set one of a community's pronunciations; return whether there is room."""
        ...

    async def clear_pronunciation(self, act: Act, folded: str) -> bool:
        """Take one of a community's pronunciations away; return whether there was one."""
        ...

    async def limits(self, community: str) -> Limits:
        """Return a community's limits."""
        ...

    async def set_limit(self, act: Act, name: LimitName, value: int | str | tuple[str, ...] | None) -> None:
        """Set one field of a community's limits."""
        ...

    async def set_pool(self, act: Act, community: str, limit_micros: int | None) -> None:
        """Set what a community may spend in a month; None is unlimited. Raises NotFound for one that was never seen."""
        ...

    async def decide_community(self, act: Act, community: str, state: Approval, *, first: bool = False) -> bool:
        """Approve or decline a community; return whether that is news. Raises NotFound for one that was never seen.

        `first`: only where nobody has decided yet, else it raises CommunityDecided.
        """
        ...

    async def told_with(self, community: str) -> Sequence[Newcomer]:
        """Return the communities that the operators were told of in the same message, the newest first."""
        ...

    async def community_locale(self, community: str) -> str:
        """Return the language that a community is written to in, "" where it is not known."""
        ...

    async def owners(self) -> frozenset[str]:
        """Return the member keys of those who claimed the bot."""
        ...

    async def owner_locales(self) -> Mapping[str, str]:
        """Return the languages of operators, by member key, as far as they are known."""
        ...

    async def keep_owner_locale(self, member: str, locale: str) -> None:
        """Keep the language of an operator."""
        ...

    async def keep_code(self, digest: str, issued_ms: int, until_ms: int, tries: int) -> None:
        """Keep the code for `claim`, in the place of any before it."""
        ...

    async def try_code(self, digest: str, *, void: bool) -> bool:
        """Say whether this is the code, which may be void then; a wrong try counts, and the last one voids it."""
        ...

    async def claim(self, act: Act) -> bool:
        """Make the actor the owner, and every code void; return False where somebody was before."""
        ...

    async def acted(self, act: Act) -> None:
        """Note an act that changes nothing that is kept."""
        ...

    async def refused(self, act: Act, outcome: Outcome) -> None:
        """Note an act that was refused."""
        ...

    async def usage(self, community: str, member: str, start_ms: int, end_ms: int, most: int) -> Usage:
        """Return what was charged in [start, end), with so many of the members; `member` "" is everybody.

        All its sums are of one moment.
        """
        ...

    async def entries(self, community: str, member: str, start_ms: int, end_ms: int, most: int) -> list[ReportedEntry]:
        """Return charges, grants and revocations in [start, end), oldest first; `member` "" is everybody."""
        ...

    async def audit(self, community: str, most: int) -> list[AuditEntry]:
        """Return the newest acts."""
        ...

    async def quotas(self, community: str, most: int) -> Sequence[tuple[QuotaSource, str, str, Quota]]:
        """Return kind, subject, the member's name if it is known, and the quota of each that an admin set."""
        ...

    async def communities(self, month_ms: int, most: int) -> list[Community]:
        """Return the communities, those that wait first, then those that spent most in a month."""
        ...


class Notices(Protocol):
    """What the operators were told of, for every process that tells them. Raises StoreError."""

    async def claim(self, key: Key) -> bool:
        """Return whether it is our turn to tell of a trouble: nobody has within the hour, or of this one in a day."""
        ...

    async def settle(self, key: Key, *, told: bool) -> None:
        """Note what came of a claim; what nobody could be told may be claimed again."""
        ...

    async def close(self, key: Key) -> bool:
        """Note that a trouble is over; return whether it is our turn to say so, to those who had been told."""
        ...

    async def told(self) -> frozenset[Key]:
        """Return the troubles that the operators know of and that are not over."""
        ...


class Newcomers(Protocol):
    """Communities that wait for the operators' decision. Raises StoreError."""

    async def waiting(self) -> Sequence[Newcomer]:
        """Return those that wait, the newest first."""
        ...

    async def note_told(self, communities: Sequence[str]) -> None:
        """Note that the operators were told of these in one message."""
        ...
