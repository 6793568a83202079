"""What can be asked of the Conso API, and how each generation of it names that."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from linky_tui.domain.models import Flow, Series


class DataKind(StrEnum):
    """What is asked for; together with a flow it gives the type."""

    LOAD_CURVE = "load_curve"
    DAILY_TOTALS = "daily_totals"


class Shape(StrEnum):
    """A generation of the API: its types, its parameter names, the shape of its answers."""

    NEW = "new"
    """"Mesure synchrone v2", since 28 Sep 2026."""
    LEGACY = "legacy"
    """"Metering Data v5", whose end was announced for mid-October 2026."""


_TYPES: dict[tuple[DataKind, Flow], dict[Shape, str]] = {
    (DataKind.LOAD_CURVE, Flow.CONSUMPTION): {
        Shape.NEW: "courbe_de_charge_consommation",
        Shape.LEGACY: "consumption_load_curve",
    },
    (DataKind.LOAD_CURVE, Flow.PRODUCTION): {
        Shape.NEW: "courbe_de_charge_production",
        Shape.LEGACY: "production_load_curve",
    },
    (DataKind.DAILY_TOTALS, Flow.CONSUMPTION): {
        Shape.NEW: "consommation_quotidienne",
        Shape.LEGACY: "daily_consumption",
    },
    (DataKind.DAILY_TOTALS, Flow.PRODUCTION): {
        Shape.NEW: "production_quotidienne",
        Shape.LEGACY: "daily_production",
    },
}


@dataclass(frozen=True, slots=True)
class DataRequest:
    """One question to the API.

    Raises:
        ValueError: the window is empty.
    """

    kind: DataKind  # what is asked for
    series: Series  # of which meter and flow
    first: date  # the first Paris day
    end: date  # the Paris day after the last one (excluded)

    def __post_init__(self) -> None:
        if self.first >= self.end:
            raise ValueError("the window holds no day")

    def holds(self, day: date) -> bool:
        """Whether a Paris day is one of those that are asked for."""
        return self.first <= day < self.end

    def type_name(self, shape: Shape) -> str:
        """The last part of the path."""
        return _TYPES[self.kind, self.series.flow][shape]

    def parameters(self, shape: Shape) -> dict[str, str]:
        """The query parameters."""
        values = (self.series.prm, self.first.isoformat(), self.end.isoformat())
        names = ("pointId", "dateDebut", "dateFin")
        if shape is Shape.LEGACY:
            names = ("prm", "start", "end")
        return dict(zip(names, values, strict=True))
