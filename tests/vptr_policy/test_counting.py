from vptr_policy.counting import counted


def test_one_is_singular_and_all_else_is_plural():
    assert [counted(count, "session") for count in (0, 1, 2)] == ["0 sessions", "1 session", "2 sessions"]
    assert counted(2, "success", "successes") == "2 successes"
