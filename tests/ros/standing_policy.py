"""A policy node without a network: it stands still at 5 Hz, answering the newest picture. For tests of the session.

~rise: it goes up by so much instead [m/s]; ~delay: it thinks for so long before each command [s, wall clock].
"""

import time

import actionlib
import rospy
from sensor_msgs.msg import CompressedImage
from vptr_widowx.msg import (
    EndEffectorCommand,
    RunEpisodeAction,
    RunEpisodeFeedback,
    RunEpisodeResult,
)


class StandingPolicy:
    def __init__(self):
        self.stamp = rospy.Time(0)
        self.sequence = 0
        self.commands = rospy.Publisher("/widowx/command", EndEffectorCommand, queue_size=5)
        rospy.Subscriber("/camera/color/image_raw/compressed", CompressedImage, self.see, queue_size=1, buff_size=2**24)
        self.server = actionlib.SimpleActionServer("/policy/run_episode", RunEpisodeAction, self.run, auto_start=False)
        self.server.start()

    def see(self, message):
        self.stamp = message.header.stamp

    def run(self, goal):
        began, step, reason = rospy.Time.now(), 0, "time_limit"
        rate = rospy.Rate(5)
        while (rospy.Time.now() - began).to_sec() < goal.time_limit_s:
            if self.server.is_preempt_requested():
                reason = "preempted"
                break
            self.command()
            self.server.publish_feedback(RunEpisodeFeedback(step=step, value=float("nan")))
            step += 1
            rate.sleep()
        elapsed = (rospy.Time.now() - began).to_sec()
        checkpoint = rospy.get_param("~checkpoint", "")
        result = RunEpisodeResult(reason=reason, steps=step, duration_s=elapsed, rate_hz=5.0, checkpoint=checkpoint)
        if reason == "preempted":
            self.server.set_preempted(result)
        else:
            self.server.set_succeeded(result)

    def command(self):
        self.sequence += 1
        stamp = self.stamp
        time.sleep(rospy.get_param("~delay", 0.0))
        message = EndEffectorCommand(sequence=self.sequence, duration_s=0.2, gripper=1.0)
        message.header.stamp, message.observation_stamp = rospy.Time.now(), stamp
        message.twist.linear.z = rospy.get_param("~rise", 0.0)
        self.commands.publish(message)


rospy.init_node("policy")
StandingPolicy()
rospy.spin()
