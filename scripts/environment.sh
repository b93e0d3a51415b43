# shellcheck shell=bash
# Enters the environment that scripts/setup.sh made. Sourced by ./run, which defines `root`.

# Puts the virtual environment and the catkin devel space first; workspaces that the caller had sourced stay behind them.
enter_environment() {
    unset PYTHONHOME
    PYTHONPATH="$(without_distribution_packages "${PYTHONPATH-}")"
    set +u
    source "$root/.catkin/devel/setup.bash" --extend
    set -u
    export VIRTUAL_ENV="$root/.venv"
    export PATH="$root/.venv/bin:$root/.catkin/devel/lib/vptr_widowx:$PATH"
    export PYTHONPATH="$root:$PYTHONPATH"
    export MUJOCO_GL="${MUJOCO_GL:-osmesa}"
}

# The distribution's folder on PYTHONPATH would hide the newer numpy and OpenCV of the virtual environment.
without_distribution_packages() {
    tr ':' '\n' <<<"$1" | grep -vx -e '' -e '/usr/lib/python3/dist-packages' | paste -sd: || true
}
