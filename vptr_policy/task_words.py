"""Which task do words mean, for a policy that is told its task by number?"""

import re
from typing import FrozenSet, Mapping, Sequence

from vptr_policy.policy import task_index


def name_task(words: str, tasks: Sequence[str], aliases: Mapping[str, str]) -> str:
    """The task that ``words`` mean: its name, or a sentence that has all words of the name of exactly one task.

    "Put the knife in the pot" is knife_in_pot; "take the knife out of the pot" is not. Raises ValueError naming the
    known tasks: a wrong guess would move an arm.
    """
    if words in aliases:
        return aliases[words]
    if words in tasks:
        return words
    said = _words(words)
    named = {name: _words(name) for name in (*tasks, *aliases)}
    meant = {aliases.get(name, name) for name, needed in named.items() if needed and needed <= said}
    return meant.pop() if len(meant) == 1 else tasks[task_index(words, tasks)]


def _words(text: str) -> FrozenSet[str]:
    return frozenset(re.findall(r"[^\W_]+", text.lower()))
