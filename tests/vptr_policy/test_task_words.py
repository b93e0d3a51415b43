"""Words and the task that they mean."""

import pytest

from vptr_policy.task_words import name_task

TASKS = ("knife_in_pot", "knife_out_of_pot", "cucumber_in_bowl")
ALIASES = {"put_cucumber_in_dish": "cucumber_in_bowl"}


@pytest.mark.parametrize(
    ("words", "task"),
    [
        ("knife_in_pot", "knife_in_pot"),
        ("Put the knife in the pot!", "knife_in_pot"),
        ("take the KNIFE out of the pot", "knife_out_of_pot"),
        ("put_cucumber_in_dish", "cucumber_in_bowl"),
        ("put the cucumber in the dish", "cucumber_in_bowl"),
    ],
)
def test_a_sentence_with_all_words_of_one_name_means_it(words: str, task: str) -> None:
    assert name_task(words, TASKS, ALIASES) == task


@pytest.mark.parametrize("words", ["", "   ", "knife", "the knife in or out of the pot", "knife_in_pott", "踊る"])
def test_nothing_is_guessed(words: str) -> None:
    with pytest.raises(ValueError, match="Known: knife_in_pot, knife_out_of_pot, cucumber_in_bowl"):
        name_task(words, TASKS, ALIASES)
