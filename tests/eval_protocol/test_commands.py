import pytest

from eval_protocol.commands import CommandLog


def test_latency_rate_and_limits_of_an_episode():
    log = CommandLog()
    for step in range(5):
        stamp = 100.0 + 0.2 * step
        log.add(stamp, stamp - 0.1 - 0.01 * step, step != 4, ["leash"] if step == 2 else [])
    assert log.steps == 5
    assert log.refused == 1
    assert log.limits == {"leash": 1}
    assert log.latencies_s == pytest.approx([0.10, 0.11, 0.12, 0.13, 0.14])
    assert log.rate_hz() == pytest.approx(5.0)
    assert log.latency_s(0.5) == pytest.approx(0.12)
    assert log.latency_s(0.99) == pytest.approx(0.14)


def test_a_command_without_a_picture_has_no_latency_and_a_pause_is_no_interval():
    log = CommandLog()
    log.add(10.0, 0.0, True, [])
    log.add(100010.0, 0.0, True, [])
    assert log.latencies_s == [] and log.intervals_s == []
    assert log.rate_hz() == 0.0
    assert log.latency_s(0.5) == float("inf")
