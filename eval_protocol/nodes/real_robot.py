"""The real robot of a session: it moves slowly, and a person sets the scene and judges."""

from std_srvs.srv import Trigger

from eval_protocol.nodes.calls import call
from eval_protocol.nodes.robot import MOVE_S, RosRobot
from eval_protocol.plan import Plan, Trial


class RealRobot(RosRobot):
    """Moves home between trials, so that the operator can set the scene under the gripper."""

    move_duration_s = 3.0

    def prepare(self, plan: Plan, trial: Trial) -> None:
        """Move home and to the start pose, then let the operator set the scene under the gripper."""
        self.policy.require_idle()
        self.choose(trial)
        self._moving()
        self._arm()
        call("/widowx/home", Trigger, timeout_s=MOVE_S)
        self._go(plan.start_poses[trial.start_pose])
        self._operator.confirm_scene(plan, trial)
