"""Ports for the embedded servers."""

from pathlib import Path

import pytest

from coditect.local import ports


@pytest.fixture
def remembered(tmp_path: Path) -> Path:
    return tmp_path / "port"


class TestChoose:
    def test_stays_with_its_choice(self, remembered: Path) -> None:
        port = ports.choose(remembered=remembered)
        assert ports.is_free(port)
        assert ports.choose(remembered=remembered) == port

    def test_stays_below_the_ports_of_outgoing_connections(self, remembered: Path) -> None:
        assert 20000 <= ports.choose(remembered=remembered) < 32000

    def test_moves_on_from_a_taken_one(self, remembered: Path, taken_port: int) -> None:
        remembered.write_text(str(taken_port), encoding="ascii")
        port = ports.choose(remembered=remembered)
        assert port != taken_port
        assert remembered.read_text(encoding="ascii") == str(port)

    def test_does_not_mind_a_broken_note(self, remembered: Path) -> None:
        remembered.write_text("eighty", encoding="ascii")
        assert ports.is_free(ports.choose(remembered=remembered))
