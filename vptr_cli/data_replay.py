"""`vptr data replay`: an episode done again, by a simulated arm of its own or by the running robot."""

from pathlib import Path
from typing import Any, Dict, Optional, Tuple

from tyro.conf import Positional

from vptr_cli.demonstrations import choose_demonstrations


def replay(
    source: Positional[Path],
    name: str = "",
    speed: float = 1.0,
    video: Optional[Path] = None,
    seed: int = 0,
    stay: bool = False,
    ros: bool = False,
    keep_scene: bool = False,
) -> int:
    """Do a demonstration again: move to its first pose, make its executed actions, stand still, move home.

    The servo and all its limits are in between, as on the real robot; the first and last steps are slower, so that the
    arm starts and stops softly. Simulated demonstrations meet their own scene again, and it is told whether the task
    succeeded; recorded ones get a scene of their task if there is one of that name.

    With --ros the running robot does it (robot.launch or collect.launch), real or simulated: THE ARM MOVES. It is
    refused while anybody else commands the arm, and ends where somebody begins to; Ctrl-C ends it, and the arm holds.

    Args:
        source: folder of shards or of recorded episodes, or one episode.
        name: which demonstration; default the first one.
        speed: of the recorded one, at most 2.
        video: film of it to write (.mp4).
        seed: of the scene, for demonstrations that do not have one.
        stay: stay at the end instead of moving home.
        ros: by the running robot.
        keep_scene: with --ros, leave the simulated scene as it is.
    """
    from robot_bridge.recording.format import JOINTS
    from robot_bridge.recording.replay import HOME_JOINTS, plan_replay

    if ros and video is not None:
        raise ValueError("--video films the simulated arm of this process: leave it or --ros out")
    item = choose_demonstrations(source, [name] if name else ())[0]
    one = item.read()
    plan = plan_replay(one.state, one.executed, one.extras.get(JOINTS), speed, None if stay else HOME_JOINTS)
    if ros:
        found, told = _on_robot(plan, one, keep_scene)
    else:
        found, told = _in_process(plan, one, video, seed)
    print(f"{item.name}: {len(one.action)} steps at {speed:g} x the recorded speed, {plan.duration_s:.1f} s")
    print(
        f"target within {1000 * found.target_m:.1f} mm of the plan, arm within {1000 * found.measured_m:.1f} mm of the "
        f"recording, at the end {1000 * found.final_m:.1f} mm; limits: {', '.join(found.limits) or 'none'}"
    )
    if "scene" in one.info and told:
        print(f"task: {told}, recorded as {_verdict(one.info)}")
    if video is not None:
        print(f"film: {video}")
    return 0


def _in_process(plan: Any, one: Any, video: Optional[Path], seed: int) -> Tuple[Any, str]:
    """By a simulated arm of this process."""
    from robot_bridge.recording.rig_replay import RigReplay
    from robot_bridge.safety import load_limits
    from robot_bridge.sim.rig import SimulatedRig

    rig = SimulatedRig(_scene(one.info, seed), load_limits("sim"))
    watch = _Watch(rig, video)
    try:
        found = RigReplay(rig, plan, watch).run(one.state)
    finally:
        watch.close()
        rig.close()
    return found, "succeeded" if watch.succeeded else "failed"


def _on_robot(plan: Any, one: Any, keep_scene: bool) -> Tuple[Any, str]:
    """By the robot that runs."""
    from json import dumps

    from robot_bridge.nodes.replay import replay as replay_on_robot

    scene = "" if keep_scene or "scene" not in one.info else dumps(one.info["scene"])
    return replay_on_robot(plan, one.state, scene, plan.end_joints is None)


class _Watch:
    """Looks at the world after each period: did the task succeed, and what does the camera see?"""

    def __init__(self, rig: Any, video: Optional[Path]) -> None:
        self._rig, self._ticks = rig, 0
        self._film: Any = None
        self.succeeded = False
        if video is not None:
            from vptr_policy.data.robot.film import Film

            video.parent.mkdir(parents=True, exist_ok=True)
            self._film = Film(video, 10)
            self._renderer: Any = None

    def __call__(self, _: Any) -> None:
        self.succeeded = self.succeeded or self._rig.task_status().success
        if self._film is not None and self._ticks % 5 == 0:
            self._film.add(self._picture())
        self._ticks += 1

    def _picture(self) -> Any:
        from robot_bridge.sim.camera import SceneRenderer
        from robot_bridge.sim.scene import SceneSpec

        scene, qpos = self._rig.scene()
        if self._renderer is None:
            self._renderer = SceneRenderer(SceneSpec.from_json(scene), 320, 240)
        return self._renderer.render(qpos)

    def close(self) -> None:
        """Finish the film."""
        if self._film is not None:
            self._film.close()
            if self._renderer is not None:
                self._renderer.close()


def _scene(info: Dict[str, Any], seed: int) -> Any:
    """The demonstration's own scene, or one of its task, or any."""
    from json import dumps

    from robot_bridge.sim.scene import SceneSpec, sample_scene
    from robot_bridge.sim.tasks import SOURCE_TASKS, TASKS

    if "scene" in info:
        return SceneSpec.from_json(dumps(info["scene"]))
    task = str(info["task"])
    return sample_scene(task if task in {**TASKS, **SOURCE_TASKS} else next(iter(TASKS)), seed)


def _verdict(info: Dict[str, Any]) -> str:
    return "a success" if info["success"] else "a failure"


COMMANDS: Dict[str, Any] = {"replay": replay}
