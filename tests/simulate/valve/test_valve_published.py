"""The simulated figures are near the published ones."""

from __future__ import annotations

from transat.simulate.read_data import rows
from transat.simulate.valve.published import check


def test_every_figure_is_in_its_interval() -> None:
    lines = check()
    outside = [
        f"{x.quantity} {x.stratum}: {x.simulated:.2f}, published {x.published:g}, "
        f"allowed [{x.low:g}, {x.high:g}]"
        for x in lines
        if not x.ok
    ]
    assert not outside, "\n".join(outside)
    assert len(lines) >= 40


def test_every_figure_has_a_source_and_an_interval_around_what_was_published() -> None:
    for row in rows("valve_published"):
        assert row["source"], row
        assert float(row["low"]) <= float(row["published"]) <= float(row["high"]), row
    for name in ("valve_hazards", "valve_parameters", "valve_conditions"):
        for row in rows(name):
            assert row["source"], row
            assert row["checked"] in ("yes", "calibrated", "illustrative", "definition"), row
            assert None not in row, row
