import pytest

from eval_protocol.plan import make_plan
from eval_protocol.simulated import scene_of
from robot_bridge.sim.scene import SceneSpec, clearance
from robot_bridge.sim.tasks import NOVEL_DISTRACTORS, NOVEL_TARGETS, TASKS

CASES = [(task, scenario) for task in TASKS for scenario in (1, 2)] + [("croissant_out_of_colander", 3)]


@pytest.mark.parametrize(("task", "scenario"), CASES)
def test_the_scene_has_everything_where_the_plan_says(task, scenario):
    plan = make_plan(task, scenario, seed=4)
    for trial in plan.trials:
        scene = scene_of(plan, trial)
        assert SceneSpec.from_json(scene.to_json()) == scene
        assert (scene.target.x_m, scene.target.y_m) == (trial.target.spot.x, trial.target.spot.y)
        assert (scene.container.x_m, scene.container.y_m) == (trial.container.spot.x, trial.container.spot.y)
        assert scene.start == (*plan.start_poses[trial.start_pose].pose(), 1.0)
        assert [d.kind for d in scene.distractors] == [d.name for d in trial.distractors]
        assert scene.container.kind == TASKS[task].container
        if scenario == 3:
            assert scene.target.kind in NOVEL_TARGETS
        else:
            assert scene.target.kind == TASKS[task].target
        if not TASKS[task].takes_out:
            assert trial.target.spot.distance(trial.container.spot) >= clearance(scene.container.kind)


def test_distractors_are_novel():
    for trial in make_plan("knife_in_pot", 2).trials:
        assert {d.name for d in trial.distractors} <= set(NOVEL_DISTRACTORS) | set(NOVEL_TARGETS)


def test_trials_differ_and_one_session_stays_in_one_kitchen():
    plan = make_plan("knife_in_pot", 1, 3)
    scenes = [scene_of(plan, trial) for trial in plan.trials]
    assert len({scene.seed for scene in scenes}) == 12
    assert {scene.kitchen for scene in scenes} == {1}
