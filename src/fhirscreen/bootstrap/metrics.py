"""What the service counts of itself, for Prometheus. No label names a patient, a user or a study."""

from __future__ import annotations

from collections import Counter as Tally
from collections.abc import Callable, Iterable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.metrics_core import CounterMetricFamily, Metric

from fhirscreen.fhir_client import Traffic
from fhirscreen.verdicts.standings import Subject

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
_JOB_SECONDS = (1, 5, 15, 60, 300, 900, 3600, 4 * 3600)


class Metrics:
    """The metrics of one service, in a registry of its own. May be used from several threads."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "fhirscreen_requests",
            "Requests answered, by the template of their route",
            ("method", "route", "status"),
            registry=self.registry,
        )
        self.request_seconds = Histogram(
            "fhirscreen_request_seconds",
            "Seconds to answer a request",
            ("method", "route"),
            buckets=_SECONDS,
            registry=self.registry,
        )
        self.in_progress = Gauge(
            "fhirscreen_requests_in_progress", "Requests being answered", registry=self.registry
        )
        self.jobs = Counter(
            "fhirscreen_jobs",
            "Jobs that ended, by how; `again`: met trouble, and is tried again",
            ("kind", "state"),
            registry=self.registry,
        )
        self.job_seconds = Histogram(
            "fhirscreen_job_seconds",
            "Seconds that a job ran",
            ("kind",),
            buckets=_JOB_SECONDS,
            registry=self.registry,
        )
        self.verdicts = Counter(
            "fhirscreen_verdicts",
            "Verdicts given, by truth and basis",
            ("truth", "basis"),
            registry=self.registry,
        )
        self.cards = Counter(
            "fhirscreen_cards",
            "CDS Hooks calls, by what came of them",
            ("hook", "outcome"),
            registry=self.registry,
        )
        self.notifications = Counter(
            "fhirscreen_notifications",
            "Messages, by channel and what came of them",
            ("channel", "outcome"),
            registry=self.registry,
        )
        self.missed = Counter(
            "fhirscreen_schedule_missed",
            "Ticks of a schedule that brought no job of their own",
            ("schedule",),
            registry=self.registry,
        )
        self.loop_failures = Counter(
            "fhirscreen_loop_failures",
            "Times that background work raised and was begun again",
            ("loop",),
            registry=self.registry,
        )
        self.open_studies = Gauge("fhirscreen_open_studies", "Studies in the panel", registry=self.registry)
        self.panel_seconds = Gauge(
            "fhirscreen_panel_seconds", "Seconds that compiling the panel took last", registry=self.registry
        )

    def count_trouble(self, loop: str) -> None:
        """Counts that background work raised."""
        self.loop_failures.labels(loop).inc()

    def count_verdicts(self, subjects: Iterable[Subject]) -> None:
        """Counts the verdicts of patients who were evaluated."""
        found = Tally(
            (verdict.proof.truth.value, verdict.proof.basis.value)
            for subject in subjects
            for verdict in subject.verdicts
        )
        for labels, times in found.items():
            self.verdicts.labels(*labels).inc(times)

    def watch_traffic(self, traffic: Callable[[], Mapping[str, Traffic]]) -> None:
        """Shows the traffic with FHIR servers, by their names; read when the metrics are."""
        self.registry.register(_FhirTraffic(traffic))

    def text(self) -> bytes:
        """Everything in the text format of Prometheus, `CONTENT_TYPE`."""
        return generate_latest(self.registry)


class _FhirTraffic:
    """Reads the meters of FHIR clients when Prometheus asks, so that no request pays for it."""

    def __init__(self, traffic: Callable[[], Mapping[str, Traffic]]) -> None:
        self._traffic = traffic

    def collect(self) -> Iterable[Metric]:
        """The counters of each server."""
        families = {
            field: CounterMetricFamily(f"fhirscreen_fhir_{name}", told, labels=["server"])
            for field, name, told in (
                ("requests", "requests", "Requests sent to a FHIR server, retries too"),
                ("retries", "retries", "Requests that repeated a failed one"),
                ("received", "received_bytes", "Bytes received from a FHIR server, as sent"),
                ("seconds", "request_seconds", "Seconds spent waiting for a FHIR server"),
            )
        }
        for server, traffic in sorted(self._traffic().items()):
            for field, family in families.items():
                family.add_metric([server], getattr(traffic, field))
        return families.values()
