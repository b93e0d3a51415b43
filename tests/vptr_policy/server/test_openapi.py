"""The server does what its OpenAPI document says, whatever is sent: schemathesis makes up the requests.

They are other ones in each run. VPTR_FUZZ_EXAMPLES is how many, for each operation, of requests that fit the document
and of such that do not (30; 2500 are ten thousand requests in all). VPTR_FUZZ_SEED makes a run again: a failure tells
its seed.
"""

import os
import random
import time
from typing import Any, Counter

import pytest
from running import Server, observation, post

schemathesis = pytest.importorskip("schemathesis", reason="schemathesis is not installed")

EXAMPLES = int(os.environ.get("VPTR_FUZZ_EXAMPLES", "30"))
SEED = int(os.environ.get("VPTR_FUZZ_SEED") or random.SystemRandom().getrandbits(32))


@pytest.mark.timeout(170 + EXAMPLES)
def test_what_schemathesis_makes_up_is_answered_as_documented(server: Server) -> None:
    from hypothesis import HealthCheck, Phase, given, seed, settings

    print(f"to make this run again: VPTR_FUZZ_SEED={SEED} VPTR_FUZZ_EXAMPLES={EXAMPLES}")
    logged = len(server.output())
    schema = schemathesis.openapi.from_url(server.url + "/openapi.json")
    options = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    tried: Counter[str] = Counter()
    for operation in (found.ok() for found in schema.get_all_operations()):
        modes = (
            list(schemathesis.GenerationMode) if operation.method == "post" else ["positive"]
        )  # nothing to get wrong
        for mode in map(schemathesis.GenerationMode, modes):

            @seed(SEED)
            @options
            @given(case=operation.as_strategy(generation_mode=mode))
            def answered(case: Any) -> None:
                tried[case.operation.label] += 1
                # no schema can say that bytes are as many as a shape says, or which tasks there are
                case.call_and_validate(excluded_checks=[schemathesis.checks.CHECKS.get_one("positive_data_acceptance")])

            answered()
    assert set(tried) == {"POST /act", "POST /reset", "GET /health"} and tried["POST /act"] >= EXAMPLES, tried
    print(f"tried: {dict(tried)}")
    began = time.monotonic()
    assert post(server, "/act", observation()).status_code == 200 and time.monotonic() - began < 1.0
    assert "Traceback" not in server.output()[logged:]
