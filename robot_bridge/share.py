"""Where this package's own files lie: config, launch files and models, in a checkout, a devel or an install space."""

import os
from pathlib import Path
from typing import Iterator

PACKAGE = "vptr_widowx"


def share_path(relative: str) -> Path:
    """Absolute path of a file or folder that comes with the package, such as ``config/limits.yaml``."""
    looked = list(_share_folders())
    for folder in looked:
        if (folder / relative).exists():
            return folder / relative
    raise FileNotFoundError(
        "{} of {} is neither in {}: is the workspace built and its setup.bash sourced?".format(
            relative, PACKAGE, " nor in ".join(str(folder) for folder in looked) or "a checkout nor in a workspace"
        )
    )


def _share_folders() -> Iterator[Path]:
    """Folders that hold the package's files, nearest to this module first."""
    here = Path(__file__).resolve()
    candidates = [here.parents[1]]  # a checkout; a devel space leads to its checkout
    if len(here.parents) > 4:
        candidates.append(here.parents[4] / "share" / PACKAGE)  # PREFIX/lib/python3/dist-packages/robot_bridge
    candidates += [Path(entry) / PACKAGE for entry in _entries("ROS_PACKAGE_PATH")]
    candidates += [Path(entry) / "share" / PACKAGE for entry in _entries("CMAKE_PREFIX_PATH")]
    seen = set()
    for candidate in candidates:
        if candidate not in seen and (candidate / "package.xml").is_file():
            seen.add(candidate)
            yield candidate


def _entries(variable: str) -> Iterator[str]:
    return (entry for entry in os.environ.get(variable, "").split(os.pathsep) if entry)
