from vptr_policy.meant import meant


def test_what_is_like_a_wrong_name_is_asked_for_and_nothing_else():
    assert meant("evaluate-bx", ("data-video", "evaluate-bc")) == "; did you mean 'evaluate-bc'?"
    assert meant("zzz", ("data-video", "evaluate-bc")) == meant("zzz", ()) == ""
