"""Tells catkin which Python packages this package installs."""

from catkin_pkg.python_setup import generate_distutils_setup
from setuptools import find_packages, setup

ROOMS = ["robot_bridge", "vptr_policy", "eval_protocol", "vptr_cli"]
PACKAGES = find_packages(include=[pattern for room in ROOMS for pattern in (room, room + ".*")])

setup(**generate_distutils_setup(packages=PACKAGES, package_dir={"": "."}))
