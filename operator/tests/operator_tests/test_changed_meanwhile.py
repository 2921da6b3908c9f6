"""Somebody changes a row by hand while the operator looks: it is told as drift, and not undone unseen."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from ccat_operator.reconcile import configuration
from ccat_operator.reconcile.address import Secret
from ccat_operator.reconcile.configuration import ConfigurationSurroundings, reconcile_configuration
from ccat_operator.reconcile.sources import Layer
from ccat_operator.resources import SiteConfiguration, SiteConfigurationStatus

from .conftest import CONFIGURATION, query

FILES = {path.name: path.read_text(encoding="utf-8") for path in sorted(CONFIGURATION.glob("*.yaml"))}


def look(url: str) -> SiteConfigurationStatus:
    resource = SiteConfiguration.model_validate(
        {
            "metadata": {"name": "observatory", "namespace": "site"},
            "spec": {
                "databaseRef": {"name": "main"},
                "source": {"configMapRefs": [{"name": "files"}]},
                "mode": "apply",
            },
        }
    )
    around = ConfigurationSurroundings(Secret("owner", url), (Layer("files", FILES),))
    return reconcile_configuration(resource, around, datetime(2026, 1, 1, tzinfo=UTC))


@pytest.mark.parametrize("step", ["find_drift", "make_plan", "last_revision"])
def test_a_change_by_hand_between_two_steps_is_not_undone(
    configured_database: str, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    really: Callable[..., Any] = getattr(configuration, step)

    def then_somebody_comes(*arguments: Any, **options: Any) -> Any:
        found = really(*arguments, **options)
        query(configured_database, "UPDATE site SET name = 'by hand' WHERE id = 'us'")
        return found

    monkeypatch.setattr(configuration, step, then_somebody_comes)
    look(configured_database)
    monkeypatch.undo()
    name = query(configured_database, "SELECT name FROM site WHERE id = 'us'")
    assert name == [("by hand",)], "what is only to be reported was undone"
    assert [(one.key, one.now) for one in look(configured_database).drift] == [("us", "by hand")]
