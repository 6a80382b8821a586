"""The panels of the Grafana board: what each shows, and what to do with that."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

OURS = 'instance=~"$instance"'
IN_CHAT = f'{OURS}, platform=~"$platform"'
RATE = "$__rate_interval"


@dataclass(frozen=True, slots=True)
class Panel:
    """One graph: what it shows, what to do with that, and its lines by their legends."""

    title: str
    about: str
    unit: str
    lines: Mapping[str, str]
    stacked: bool = False


def _quantile(q: float, name: str, *by: str, of: str = OURS) -> str:
    return (
        f"histogram_quantile({q}, sum by ({', '.join(('le', *by))}) (rate(troubadour_{name}_bucket{{{of}}}[{RATE}])))"
    )


def _added(name: str, *by: str, of: str = OURS) -> str:
    return f"{_sum(*by)} (increase(troubadour_{name}_total{{{of}}}[{RATE}]))"


def _an_hour(name: str) -> str:
    return f"3600 * sum (rate(troubadour_{name}_dollars_total{{{OURS}}}[{RATE}]))"


def _most(name: str, *by: str) -> str:
    """Return the largest of what each process sees of the same thing."""
    return f"{_sum(*by, how='max')} ({name}{{{OURS}}})"


def _sum(*by: str, how: str = "sum") -> str:
    return f"{how} by ({', '.join(by)})" if by else how


ROWS: Mapping[str, Sequence[Panel]] = {
    "What members feel": (
        Panel(
            "First words on an order",
            "From an order to the first words on it in its chat. Above a second: look at lag and commits.",
            "s",
            {
                "half, {{platform}}": _quantile(0.5, "order_first_sign_seconds", "platform", of=IN_CHAT),
                "19 of 20, {{platform}}": _quantile(0.95, "order_first_sign_seconds", "platform", of=IN_CHAT),
            },
        ),
        Panel(
            "Audio of half of the orders",
            "From an order to its audio in its chat. If it rises, the gateway is slow or orders wait for their turn.",
            "s",
            {"{{product}}, {{platform}}": _quantile(0.5, "order_audio_seconds", "product", "platform", of=IN_CHAT)},
        ),
        Panel(
            "Audio of 19 of 20 orders",
            "The same for those that wait longest.",
            "s",
            {"{{product}}, {{platform}}": _quantile(0.95, "order_audio_seconds", "product", "platform", of=IN_CHAT)},
        ),
        Panel(
            "What came to nothing, by reason",
            "Generations and deliveries. `troubadour job ID` has the words of the gateway or the chat.",
            "short",
            {"{{reason}}": _added("failures", "reason")},
            stacked=True,
        ),
        Panel(
            "Orders, by what came of them",
            "ok, or why an order was not taken.",
            "short",
            {"{{outcome}}": _added("orders", "outcome")},
            stacked=True,
        ),
        Panel(
            "Deliveries of audio",
            "DeliveryDelayed is tried again, DeliveryUncertain is not: its member may press *send again*.",
            "short",
            {"{{platform}}, {{outcome}}": _added("deliveries", "platform", "outcome", of=f'{IN_CHAT}, kind="audio"')},
            stacked=True,
        ),
    ),
    "Money": (
        Panel(
            "Dollars an hour",
            "Lost upstream is what the gateway may bill and nobody pays. The ledger, not this, is the books.",
            "currencyUSD",
            {
                "charged": _an_hour("charged"),
                "given back": _an_hour("released"),
                "lost upstream": _an_hour("upstream"),
            },
        ),
        Panel(
            "Refusals, by limit",
            "Orders that a quota, a pool or a community's limit refused.",
            "short",
            {"{{limit}}": _added("orders_refused", "limit")},
            stacked=True,
        ),
        Panel(
            "Left of the total pool, and the books",
            "The books are 1 where the last `troubadour ledger verify --textfile` found them wrong.",
            "short",
            {
                "dollars left this month": f"min (troubadour_total_pool_left_dollars{{{OURS}}})",
                "books wrong": "max (troubadour_books_wrong)",
            },
        ),
    ),
    "Gateway": (
        Panel(
            "Calls, half and 19 of 20",
            "How long the gateway takes to answer, whatever it says; fetch includes the download.",
            "s",
            {
                "half, {{call}}": _quantile(0.5, "gateway_call_seconds", "call"),
                "19 of 20, {{call}}": _quantile(0.95, "gateway_call_seconds", "call"),
            },
        ),
        Panel(
            "Calls that failed",
            "By the kind of error. OutOfCredit and Unauthorized need you, the others pass.",
            "short",
            {
                "{{call}}, {{outcome}}": _added("gateway_calls", "call", "outcome", of=f'{OURS}, outcome!="ok"'),
                "finished jobs that were not called back": _added("callbacks_missed"),
            },
            stacked=True,
        ),
        Panel(
            "Circuit breaker, and the expected wait",
            "Above 0 the breaker holds all orders back, until one is taken; /resume tries at once.",
            "s",
            {
                "held back still, {{instance}}": _most("troubadour_breaker_open_seconds", "instance"),
                "an order that comes now waits": _most("troubadour_wait_seconds"),
            },
        ),
    ),
    "Store": (
        Panel(
            "Commits",
            "From a change of jobs or money to its durable commit.",
            "s",
            {
                "half": _quantile(0.5, "commit_seconds"),
                "19 of 20": _quantile(0.95, "commit_seconds"),
                "99 of 100": _quantile(0.99, "commit_seconds"),
            },
        ),
        Panel(
            "Jobs that are not closed, by state",
            "As the database has them, so that each process sees all.",
            "short",
            {"{{state}}": _most("troubadour_jobs", "state")},
            stacked=True,
        ),
        Panel(
            "In the queue and in flight",
            "In flight has a place at the gateway; what waits for one is in the queue.",
            "short",
            {
                "in the queue, {{instance}}": _most("troubadour_jobs_waiting", "instance"),
                "in flight, {{instance}}": _most("troubadour_jobs_in_flight", "instance"),
                "the store answers, {{instance}}": _most("troubadour_store_up", "instance"),
            },
        ),
    ),
    "Shared audio": (
        Panel(
            "Requests that failed",
            "At the store that machines share; what is fetched goes out from the machine's own disk meanwhile.",
            "short",
            {"{{request}}": _added("artifact_calls", "request", of=f'{OURS}, outcome!="ok"')},
            stacked=True,
        ),
        Panel(
            "Requests, half and 19 of 20",
            "How long the store takes, whatever it says; put and get include the file. No delivery waits for put.",
            "s",
            {
                "half, {{request}}": _quantile(0.5, "artifact_call_seconds", "request"),
                "19 of 20, {{request}}": _quantile(0.95, "artifact_call_seconds", "request"),
            },
        ),
        Panel(
            "Written and read",
            "Bytes of copies of finished audio.",
            "bytes",
            {"{{request}}": _added("artifact_bytes", "request")},
        ),
        Panel(
            "Audio that is kept",
            "As the last sweep left it; the oldest goes first beyond KEEP_MB here and ARTIFACTS_MB in what is shared.",
            "bytes",
            {"{{place}}, {{instance}}": _most("troubadour_kept_audio_bytes", "place", "instance")},
        ),
    ),
    "Process": (
        Panel(
            "Lag of the event loop",
            "The longest delay lately. Above a second, everything waits: look at the CPU.",
            "s",
            {"{{instance}}": _most("troubadour_event_loop_lag_seconds", "instance")},
        ),
        Panel(
            "Memory",
            "Resident; audio is decoded in child processes, which are not in it.",
            "bytes",
            {"{{instance}}": _most("process_resident_memory_bytes", "instance")},
        ),
        Panel(
            "CPU",
            "Of one core.",
            "percentunit",
            {"{{instance}}": f"rate(process_cpu_seconds_total{{{OURS}}}[{RATE}])"},
        ),
        Panel(
            "Troubles and chats",
            "1 is a trouble that its operators are told of, or a chat from which no orders come.",
            "short",
            {
                "{{kind}}": f"max by (kind) (troubadour_trouble{{{OURS}}}) > 0",
                "{{platform}} away": f"max by (platform) (1 - troubadour_platform_up{{{IN_CHAT}}}) > 0",
            },
        ),
        Panel(
            "Files, tasks and calls",
            "Open files and connections, what goes on side by side, and calls to a chat that have not ended.",
            "short",
            {
                "files, {{instance}}": _most("process_open_fds", "instance"),
                "tasks, {{instance}}": _most("troubadour_tasks", "instance"),
                "calls to {{platform}}": f"sum by (platform) (troubadour_calls_under_way{{{IN_CHAT}}})",
            },
        ),
        Panel(
            "What runs, and for how long",
            "A drop is a restart.",
            "s",
            {
                "{{instance}}: {{version}} ({{roles}}), Python {{python}}": (
                    f"(time() - process_start_time_seconds{{{OURS}}}) * on (job, instance) "
                    "group_right troubadour_build_info"
                )
            },
        ),
    ),
}
