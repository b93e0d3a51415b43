"""Tells catkin which Python packages this package installs."""
from catkin_pkg.python_setup import generate_distutils_setup
from setuptools import setup

PACKAGES = [
    "robot_bridge",
    "robot_bridge.nodes",
    "robot_bridge.sim",
    "vptr_policy",
    "vptr_policy.networks",
    "vptr_policy.algorithms",
    "vptr_policy.data",
    "vptr_policy.nodes",
    "eval_protocol",
    "eval_protocol.nodes",
    "vptr_cli",
]

setup(**generate_distutils_setup(packages=PACKAGES, package_dir={"": "."}))
