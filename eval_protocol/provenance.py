"""Where a session's results come from: code, checkpoint, configuration, operator, software."""

import getpass
import hashlib
import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Dict, Mapping, Union

from robot_bridge.share import share_path
from vptr_policy.address import is_address
from vptr_policy.checkpoint_folder import CARD, CHOSEN

SUFFIXES = (".safetensors", ".json")
PACKAGES = ("numpy", "scipy", "torch", "onnxruntime", "openvino", "mujoco", "opencv-python-headless", "pillow")


def provenance(policy: Union[str, Path], operator: str, configuration: Mapping[str, Any]) -> Dict[str, Any]:
    """What a report must name to be repeatable; the same inputs on the same machine give the same answer."""
    return _facts(str(policy), policy_hash(policy), operator, configuration)


def sealed_provenance(commitment: str, operator: str, configuration: Mapping[str, Any]) -> Dict[str, Any]:
    """The same for a blind study: its policies are named by what the plan has committed to."""
    return _facts("sealed", commitment, operator, configuration)


def _facts(policy: str, checkpoint: str, operator: str, configuration: Mapping[str, Any]) -> Dict[str, Any]:
    return {
        "git_sha": git_sha(share_path("package.xml").parent),
        "policy": policy,
        "checkpoint": checkpoint,
        "operator": operator or getpass.getuser(),
        "host": platform.node(),
        "python": platform.python_version(),
        "packages": package_versions(),
        "configuration": dict(configuration),
    }


def package_versions() -> Dict[str, str]:
    """The installed version of each package that what a policy does, or its trials mean, depends on."""
    found = {}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "not installed"
    return found


def policy_hash(policy: Union[str, Path]) -> str:
    """What names the weights of a policy: those of a checkpoint or a run, or those that a server says it serves.

    Raises ValueError where there is no checkpoint, or no server.
    """
    if not is_address(policy):
        folder = Path(policy)
        is_run = (folder / CHOSEN / CARD).is_file() and not (folder / CARD).is_file()
        return checkpoint_hash(folder / CHOSEN if is_run else folder)
    from vptr_policy.client import RemotePolicy
    from vptr_policy.runtime import PolicyLost

    try:
        served = RemotePolicy(str(policy))
    except PolicyLost as error:
        raise ValueError(str(error)) from error
    served.close()
    return served.checkpoint


def checkpoint_hash(folder: Path) -> str:
    """sha256 over the names and contents of a checkpoint's files; raises ValueError where there is no checkpoint."""
    files = sorted(path for path in Path(folder).glob("*") if path.suffix in SUFFIXES)
    if not any(path.suffix == ".safetensors" for path in files):
        raise ValueError(f"no checkpoint in {folder}: expected *.safetensors and card.json")
    digest = hashlib.sha256()
    for path in files:
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.name} {content}\n".encode())
    return "sha256 " + digest.hexdigest()


def git_sha(folder: Path) -> str:
    """The commit that is checked out in ``folder``, marked where files differ from it; ``unknown`` outside git."""
    try:
        sha = _git(folder, "rev-parse", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.SubprocessError):
        return "unknown (no git checkout)"
    return sha + (" with uncommitted changes" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments], check=True, capture_output=True, text=True, timeout=10
    )
    return done.stdout.strip()
