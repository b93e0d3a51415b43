"""The camera node: publishes a real, recorded or simulated camera. Parameters: robot_bridge.camera_settings."""

import sys

import rospy

from robot_bridge.camera_settings import settings_from
from robot_bridge.live_camera import CameraError
from robot_bridge.nodes.leaving import ends_quietly
from robot_bridge.nodes.master_watch import MasterWatch
from robot_bridge.nodes.picture_publisher import PicturePublisher


def main() -> None:
    """Run the node; exits with status 1 and one line of reason when it cannot work."""
    rospy.init_node("camera_node")
    try:
        with ends_quietly():
            run()
    except (CameraError, ValueError) as error:
        rospy.logfatal(str(error))
        sys.exit(1)
    except ImportError as error:
        rospy.logfatal(f"this camera needs a package that is not installed: {error}; `./run` sets everything up")
        sys.exit(1)


def run() -> None:
    """Publish pictures until shutdown; raises CameraError or ValueError when the camera cannot be run."""
    settings = settings_from(rospy.get_param("~", {}))
    publisher = PicturePublisher(settings.frame_id, settings.jpeg_quality)
    watch = MasterWatch()

    def over() -> bool:
        return rospy.is_shutdown() or watch.forgotten is not None

    if settings.camera == "sim":
        from robot_bridge.nodes.simulated_camera import SimulatedCamera

        SimulatedCamera(settings, publisher).run(over)
    else:
        from robot_bridge.nodes.live_camera import run_live

        run_live(settings, publisher, over)
    if watch.forgotten is not None:
        raise CameraError(watch.forgotten)
