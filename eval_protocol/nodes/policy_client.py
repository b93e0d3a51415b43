"""The session's side of /policy/run_episode: a policy node that dies or hangs is an abort with a reason."""

import threading
import time
from typing import Any, List, Optional, Tuple

import actionlib
import rospy
from actionlib_msgs.msg import GoalStatus
from std_msgs.msg import String
from vptr_widowx.msg import RunEpisodeAction, RunEpisodeGoal

from eval_protocol.nodes.calls import check_running
from eval_protocol.session import Aborted
from robot_bridge.nodes.leaving import ends_quietly

ACTION = "/policy/run_episode"
FIRST_STEP_S = 30.0
SILENCE_S = 8.0
CANCEL_S = 5.0
KEEPALIVE_S = 0.05
_NOW = rospy.Duration(-1)
_ACTIVE = (GoalStatus.ACTIVE, GoalStatus.PREEMPTING)


class PolicyClient:
    """Starts, watches and cancels one episode at a time; its time-outs are in wall seconds.

    It works on ActionClient: SimpleActionClient loses a transition that comes before ``send_goal`` has returned.
    """

    def __init__(self) -> None:
        self._client = actionlib.ActionClient(ACTION, RunEpisodeAction)
        self._goal: Any = None  # the client itself holds goals only weakly
        self._episode_id = self._text = ""
        self._ended: Optional[Tuple[int, Any]] = None
        self._heard_s = 0.0
        self.steps = 0
        self._alive = rospy.Publisher("/policy/keepalive", String, queue_size=1, tcp_nodelay=True)
        threading.Thread(target=self._keep_alive, name="keepalive", daemon=True).start()
        rospy.on_shutdown(self._cancel_goal)

    def available(self) -> bool:
        """Whether a living policy node is connected."""
        if rospy.Time.now().to_sec() < 1.0:  # no clock yet, so none of its messages either
            return False
        return bool(self._client.wait_for_server(_NOW))

    def start(self, task: str, time_limit_s: float, episode_id: str) -> None:
        """Send the goal."""
        if not self.available():
            raise Aborted(f"no policy node at {ACTION}")
        self.steps, self._ended, self._episode_id = 0, None, episode_id
        self._heard_s = time.monotonic()
        self._goal = self._client.send_goal(
            RunEpisodeGoal(task=task, time_limit_s=time_limit_s, episode_id=episode_id, keepalive=True),
            transition_cb=lambda goal: self._change(goal, episode_id),
            feedback_cb=lambda _, feedback: self._hear(feedback, episode_id),
        )

    def result(self) -> Optional[Any]:
        """The result once the episode has ended, else None; raises Aborted when the policy node is lost."""
        if self._ended is not None:
            state, result = self._ended
            if result is None or not result.reason or state in (GoalStatus.REJECTED, GoalStatus.LOST):
                raise Aborted(f"the policy node gave up the episode: {self._text or state}")
            return result
        if not self.available():
            raise Aborted("the policy node died")
        silent_s = time.monotonic() - self._heard_s
        if silent_s > (SILENCE_S if self.steps else FIRST_STEP_S):
            raise Aborted(f"the policy node gave no sign of life for {silent_s:.0f} s")
        return None

    def live(self) -> bool:
        """Whether our last goal may still be acted on: it ends with its terminal state, or with the policy node."""
        if self._goal is not None and (self._ended is not None or not self.available()):
            self._goal = None
        return self._goal is not None

    def cancel(self) -> None:
        """End our episode, if there is one; raises Aborted where it is not proven to have ended in ``CANCEL_S``."""
        deadline, asked = time.monotonic() + CANCEL_S, False
        while self.live():
            if not asked and self._goal.get_comm_state() != actionlib.CommState.WAITING_FOR_GOAL_ACK:
                self._cancel_goal()  # earlier, an old status message would pass for the goal's end
                asked = True
            if time.monotonic() > deadline:
                raise Aborted(f"the policy node did not end its episode within {CANCEL_S:g} s: restart it")
            check_running()
            time.sleep(0.02)

    def require_idle(self) -> None:
        """End our episode and wait for others' to end; raises Aborted where the policy goes on."""
        self.cancel()
        deadline = time.monotonic() + CANCEL_S
        while self._others():
            if time.monotonic() > deadline:
                raise Aborted(f"another client is running the policy (goal {self._others()[0]}): stop it")
            check_running()
            time.sleep(0.02)

    def _cancel_goal(self) -> None:
        """Ask our goal, if there is one, to end."""
        goal = self._goal
        if goal is not None and self._ended is None:
            goal.cancel()

    def _keep_alive(self) -> None:
        """Tell the policy that this process lives: when it is killed, the arm must not go on."""
        while not rospy.is_shutdown():
            if self._episode_id and self._ended is None:
                with ends_quietly():
                    self._alive.publish(String(data=self._episode_id))
            time.sleep(KEEPALIVE_S)

    def _others(self) -> List[str]:
        """Goals that the policy node says it acts on; asked only where none is ours."""
        status = self._client.last_status_msg
        entries = status.status_list if status and self.available() else []
        return [entry.goal_id.id for entry in entries if entry.status in _ACTIVE]

    def _change(self, goal: Any, episode_id: str) -> None:
        if episode_id == self._episode_id and goal.get_comm_state() == actionlib.CommState.DONE:
            self._text = goal.get_goal_status_text()
            self._ended = (goal.get_goal_status(), goal.get_result())

    def _hear(self, feedback: Any, episode_id: str) -> None:
        if episode_id == self._episode_id:
            self._heard_s = time.monotonic()
            self.steps = feedback.step + 1
