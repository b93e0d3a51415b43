# shellcheck shell=bash
# Sets up what ./run needs: system packages, .venv and .catkin. Sourced by ./run, which defines `root`.
# A stage that is complete leaves a stamp; a folder without its stamp is thrown away, so a second try starts clean.

setup_log="$root/.setup.log"
venv_stamp="$root/.venv/.complete"
catkin_stamp="$root/.catkin/.complete"
needed_disk_mb=4000
package_parts=(CMakeLists.txt package.xml setup.py msg srv action scripts config launch models pages
    robot_bridge vptr_policy eval_protocol vptr_cli)
progress_lines='^(Unpacking|Setting up|Collecting|Installing collected|Successfully|\[ *[0-9]+%\]|-- )'

set_up() {
    choose_platform
    is_set_up && return
    [ -w "$root" ] || fail "cannot write in $root: make it writable for $(id -un), or clone the project elsewhere"
    exec 9<"$root"
    if ! flock -n 9; then
        say "another ./run is setting up this checkout; waiting for it"
        flock 9
    fi
    is_set_up || perform_set_up
    exec 9<&-
}

is_set_up() {
    find_missing_packages
    [ ${#missing_packages[@]} -eq 0 ] && stamped "$venv_stamp" "$(venv_key)" && stamped "$catkin_stamp" "$(catkin_key)"
}

perform_set_up() {
    trap stop_watching EXIT
    trap interrupted INT TERM
    : 2>/dev/null >"$setup_log" || fail "cannot write $setup_log: is the disk full?"
    check_disk
    if [ ${#missing_packages[@]} -gt 0 ]; then
        become_root
        stage "1/3 system packages (${#missing_packages[@]} missing)" install_packages
    fi
    if ! stamped "$venv_stamp" "$(venv_key)"; then
        stage "2/3 Python packages into .venv" install_python_packages
    fi
    if ! stamped "$catkin_stamp" "$(catkin_key)"; then
        stage "3/3 ROS messages and nodes into .catkin" build_catkin
    fi
    say "set up in $SECONDS s"
    trap - EXIT INT TERM
}

# --- which system, which packages ------------------------------------------------------------------------------------

choose_platform() {
    local ID="" VERSION_ID=""
    [ ! -r /etc/os-release ] || source /etc/os-release
    case "$ID $VERSION_ID" in
        "debian 12") requirements=python311.txt packages_file=debian12.txt ;;
        "ubuntu 20.04") requirements=noetic.txt packages_file=noetic-apt.txt ;;
        *) fail "this system is '$ID $VERSION_ID', but Debian 12, or Ubuntu 20.04 with ROS Noetic, is needed" ;;
    esac
    ros_setup=""
    if [ "$ID" = ubuntu ]; then
        ros_setup=/opt/ros/noetic/setup.bash
        [ -r "$ros_setup" ] || fail "$ros_setup is missing: install ROS Noetic (ros-noetic-ros-base), then try again"
    fi
}

# Sets missing_packages to those of the list, and for tests of the list beside it, that dpkg does not hold as installed.
find_missing_packages() {
    local lists=("$root/requirements/$packages_file") more="$root/requirements/${packages_file%.txt}-test.txt"
    if [ "${for_tests-}" = yes ] && [ -e "$more" ]; then lists+=("$more"); fi
    mapfile -t missing_packages < <(
        comm -23 <(grep -hv '^#' "${lists[@]}" | sort -u) \
            <(dpkg-query -W -f '${Package} ${Status}\n' 2>/dev/null | sed -n 's/ [a-z]* ok installed$//p' | sort -u)
    )
}

become_root() {
    as_root=()
    [ "$(id -u)" -ne 0 ] || return 0
    local advice="as root run: apt-get install --no-install-recommends ${missing_packages[*]}"
    command -v sudo >/dev/null || fail "system packages are missing, and there is no sudo here; $advice"
    sudo -v || fail "system packages are missing, and sudo was refused; $advice"
    as_root=(sudo)
}

install_packages() {
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 apt-get -y -q
        -o DPkg::Lock::Timeout=300 -o Acquire::Retries=2 -o Acquire::Languages=none)
    "${as_root[@]}" dpkg --configure -a || "${apt[@]}" --fix-broken install
    "${apt[@]}" update
    "${apt[@]}" install --no-install-recommends "${missing_packages[@]}"
}

# --- Python ----------------------------------------------------------------------------------------------------------

# First line: what a virtual environment can't survive a change of; second line: what it holds.
venv_key() {
    echo "$root $(readlink -f /usr/bin/python3)"
    sha256sum <"$root/requirements/$requirements"
}

install_python_packages() {
    local python="$root/.venv/bin/python"
    if [ "$(head -n 1 "$venv_stamp" 2>/dev/null)" = "$(venv_key | head -n 1)" ]; then
        pip_install --dry-run # what can't be downloaded fails here, and leaves the old environment whole
        rm "$venv_stamp"
    else
        rm -rf "$root/.venv"
        /usr/bin/python3 -m venv --system-site-packages "$root/.venv"
        [ "$requirements" != noetic.txt ] || "$python" -m pip install --upgrade 'pip>=24,<25'
    fi
    pip_install
    venv_key >"$venv_stamp"
}

pip_install() {
    PIP_USER=0 PIP_RETRIES="${PIP_RETRIES:-2}" "$root/.venv/bin/python" -m pip install --disable-pip-version-check --no-input --progress-bar off \
        -r "$root/requirements/$requirements" "$@"
}

# --- the emulator of a headset, for tests alone ----------------------------------------------------------------------

# npm's package iwer (MIT). Without npm or network, the tests that need it are skipped and say so.
fetch_emulator() {
    local folder="$root/.npm"
    [ ! -e "$folder/node_modules/iwer/build/iwer.min.js" ] || return 0
    command -v npm >/dev/null || return 0
    say "fetching the emulator of a headset, for tests"
    npm install --prefix "$folder" --no-save --no-package-lock --ignore-scripts --no-audit --no-fund 'iwer@2' \
        >>"$setup_log" 2>&1 </dev/null || say "it could not be fetched: tests of the headset's page are skipped"
}

# --- catkin ----------------------------------------------------------------------------------------------------------

catkin_key() {
    echo "$root $(readlink -f /usr/bin/python3) $ros_setup"
    (
        cd "$root"
        echo "${package_parts[@]}"
        find scripts robot_bridge vptr_policy eval_protocol vptr_cli \
            -name __pycache__ -prune -o -type d -print -o -path 'scripts/*' -print | LC_ALL=C sort
        cat CMakeLists.txt package.xml setup.py msg/* srv/* action/*
    ) | sha256sum
}

build_catkin() {
    local space="$root/.catkin" key
    [ "$(head -n 1 "$catkin_stamp" 2>/dev/null)" = "$(catkin_key | head -n 1)" ] || rm -rf "$space"
    rm -f "$catkin_stamp"
    key="$(catkin_key)"
    link_package "$space/src/vptr_widowx"
    touch "$space/CATKIN_IGNORE"
    (
        unset CMAKE_PREFIX_PATH ROS_PACKAGE_PATH PYTHONPATH PYTHONHOME
        if [ -n "$ros_setup" ]; then set +u && source "$ros_setup" && set -u; fi
        export ROS_LANG_DISABLE=gencpp:geneus:genlisp:gennodejs
        catkin_make -C "$space" -DPYTHON_EXECUTABLE="$root/.venv/bin/python" -DCATKIN_ENABLE_TESTING=OFF
    )
    echo "$key" >"$catkin_stamp"
}

# A folder of links, not one link to the checkout: rosrun would follow that one round and round through .catkin.
link_package() {
    local part
    rm -rf "$1"
    mkdir -p "$1"
    for part in "${package_parts[@]}"; do
        ln -s "../../../$part" "$1/$part"
    done
}

# --- stages, progress and failures -----------------------------------------------------------------------------------

say() { echo "run: $*" >&2; }

fail() {
    say "$*"
    exit 1
}

stamped() { [ -r "$1" ] && [ "$(cat "$1")" = "$2" ]; }

check_disk() {
    local free_mb
    stamped "$venv_stamp" "$(venv_key)" && return
    free_mb="$(df -Pm "$root" | awk 'NR == 2 { print $4 }')"
    [ "$free_mb" -ge "$needed_disk_mb" ] ||
        fail "the disk of $root has $free_mb MB free, but set-up needs $needed_disk_mb MB: make room, then try again"
}

interrupted() {
    stop_watching
    discard_half_made
    say "set-up was interrupted; the same command starts it again"
    exit 130
}

# Runs one stage with its output in the log; shows what it is at while it runs, and how long it took.
stage() {
    local title="$1" started="$SECONDS" status=0 cause
    shift
    watch_log "$title" "$started" &
    watcher=$!
    # A subshell of its own: `set -e` counts inside it only when no condition surrounds it.
    set +e
    (
        trap 'exit 130' INT TERM # else an interrupt that comes during a quick command is forgotten with its end
        set -e
        "$@"
    ) >>"$setup_log" 2>&1 </dev/null
    status=$?
    set -e
    stop_watching
    if [ "$status" -ne 0 ]; then
        cause="$(explain_failure)"
        discard_half_made
        fail "$title failed: $cause. Details: $setup_log"
    fi
    say "$title: $((SECONDS - started)) s"
}

# Shows the stage's elapsed seconds and the log's last line: in place on a terminal, else every ten seconds.
watch_log() {
    local title="$1" started="$2" elapsed detail
    exec 9<&- # the lock is the set-up's, not this watcher's
    exec 8<> <(:)
    while ! read -rt 1 -u 8; do
        elapsed=$((SECONDS - started))
        detail="$(grep -aE "$progress_lines" "$setup_log" | tail -n 1 | cut -c 1-50)" || detail=""
        if [ -t 2 ]; then
            printf '\r\033[Krun: %s: %s s  %s' "$title" "$elapsed" "$detail" >&2
        elif [ $((elapsed % 10)) -eq 0 ]; then
            say "$title: $elapsed s so far  $detail"
        fi
    done
}

stop_watching() {
    [ -n "${watcher-}" ] || return 0
    kill "$watcher" 2>/dev/null || true
    wait "$watcher" 2>/dev/null || true
    watcher=""
    [ ! -t 2 ] || printf '\r\033[K' >&2
}

# A half-made folder has no stamp and takes room: it goes at once.
discard_half_made() {
    [ -e "$venv_stamp" ] || rm -rf "$root/.venv"
    [ -e "$catkin_stamp" ] || rm -rf "$root/.catkin"
}

# Prints the likely cause of a failed stage and what to do about it, read from the log and the disks.
explain_failure() {
    if grep -qiE 'no space left|enough free space|quota exceeded' "$setup_log" || a_disk_is_full; then
        echo "the disk is full; make room (about $needed_disk_mb MB), then run the same command again"
    elif grep -qiE 'permission denied|are you root|read-only file system|not permitted' "$setup_log"; then
        echo "rights are missing; run it as a user who may write $root and install packages"
    elif grep -qiE 'temporary failure|could not (resolve|connect)|unable to (connect|locate)|failed to (fetch|establish)|network is unreachable|timed out|connection (refused|reset)|max retries|no matching distribution|proxyerror' "$setup_log"; then
        echo "a package could not be fetched; check the network, proxy and package sources, then run the same command again"
    else
        { grep -i error "$setup_log" || echo "the log tells why"; } | tail -n 1 | cut -c 1-200
    fi
}

a_disk_is_full() {
    df -Pm "$root" /var /usr "${TMPDIR:-/tmp}" 2>/dev/null | awk 'NR > 1 && $4 < 50 { full = 1 } END { exit !full }'
}
