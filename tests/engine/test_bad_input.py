"""A wrong stack file stops the real engine before it asks Azure for anything."""

from __future__ import annotations

from harness.machine import Machine


def test_report_is_the_error_and_nothing_was_asked_of_azure(machine: Machine) -> None:
    machine.configure(bodyBytes=9000, gatewayTier="Consumption", administratorEmail=None)
    text = machine.pulumi("preview", fails=True)
    assert "3 configuration values are wrong in stack 'dev'; nothing was changed." in text
    assert "bodyBytes" in text
    assert "gatewayTier" in text
    assert "administratorEmail" in text
    assert "Traceback" not in text
    assert machine.journal() == []


def test_unknown_key_is_named(machine: Machine) -> None:
    machine.configure(bodybytes=1)
    text = machine.up(fails=True)
    assert "bodybytes is not a key of this project" in text
    assert "did you mean bodyBytes?" in text


def test_wrong_type_is_refused_by_the_engine(machine: Machine) -> None:
    machine.configure(llmLogging="perhaps")
    text = machine.pulumi("preview", fails=True)
    assert "llmLogging" in text
    assert "boolean" in text
