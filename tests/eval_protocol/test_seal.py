import json
import os
import stat

import pytest

from eval_protocol.seal import Key, NamedPolicy, SealError, draw_key, key_from_json, read_key, write_key

POLICIES = [NamedPolicy(name=name, folder=f"/models/{name}", checkpoint=f"sha256 {name}") for name in ("ours", "base")]


def test_who_is_a_is_drawn_by_lot():
    labels = {draw_key(POLICIES).label("ours") for _ in range(60)}
    assert labels == {"A", "B"}


def test_the_commitment_hides_and_binds():
    key = draw_key(POLICIES, salt="00" * 32)
    assert key.commitment() == draw_again(key).commitment()
    other_salt = Key(salt="01" * 32, policies=key.policies)
    swapped = Key(salt=key.salt, policies={"A": key.policies["B"], "B": key.policies["A"]})
    assert len({key.commitment(), other_salt.commitment(), swapped.commitment()}) == 3
    assert "ours" not in key.commitment()


def draw_again(key):
    return Key.model_validate(json.loads(json.dumps(key.model_dump(mode="json"))))


def test_only_its_owner_reads_the_key_and_it_is_never_overwritten(tmp_path):
    key = draw_key(POLICIES)
    write_key(tmp_path / "key.json", key)
    assert stat.S_IMODE(os.stat(tmp_path / "key.json").st_mode) == 0o600
    assert read_key(tmp_path / "key.json", key.commitment(), "") == key
    with pytest.raises(SealError, match="holds a key already"):
        write_key(tmp_path / "key.json", draw_key(POLICIES))
    assert read_key(tmp_path / "key.json", key.commitment(), "") == key


def test_another_key_does_not_open_the_seal(tmp_path):
    key, other = draw_key(POLICIES), draw_key(POLICIES)
    write_key(tmp_path / "key.json", other)
    with pytest.raises(SealError, match="is not the key of this plan"):
        read_key(tmp_path / "key.json", key.commitment(), "")
    with pytest.raises(SealError, match="is no key"):
        key_from_json({"salt": "short", "policies": {}}, key.commitment(), "")
    with pytest.raises(SealError, match="cannot read the key"):
        read_key(tmp_path / "none.json", key.commitment(), "")


def test_too_few_policies_or_one_name_twice_are_refused():
    with pytest.raises(SealError, match="two policies have one name"):
        draw_key([POLICIES[0], POLICIES[0]])
    with pytest.raises(SealError, match="1 policies: a blind comparison is of 2 to 26"):
        draw_key(POLICIES[:1])
