"""Options that a run would silently make nothing of."""

from vptr_policy.training.robot_options import RobotOptions

OF_TARGET = ("target_share", "finetune_at", "target_success_share", "target_tasks")
OF_SUCCESS = ("success_share", "target_success_share")
OF_VIDEO = ("video", "video_steps", "video_batch")


def check_acting(options: RobotOptions) -> None:
    """Raises ValueError where an option that was set (it is not at its default) could not act."""
    for names, acts, why, remedy in (
        (OF_TARGET, bool(options.target), "there are no target's data", "give --target DIR"),
        (OF_TARGET, options.source, "with --no-source the target's data are all there are", "give --source"),
        (OF_SUCCESS, options.failures, "failed demonstrations are left out", "give --failures"),
        (OF_VIDEO, bool(options.pretraining), f"{options.PRESET} has no pre-training", "give --pretraining icvf"),
    ):
        for name in options.changed():
            if name in names and not acts:
                options.expect(name, False, f"nothing, because {why}: leave it out, or {remedy}")
