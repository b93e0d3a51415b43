#!/usr/bin/env bash
# Proves set-up, demo and tests on a bare Debian 12, in a root of its own made by debootstrap. Run it by hand, as root:
#   tests/fresh_machine.sh            faults before set-up, ./run demo, ./run test, faults afterwards; with timings
#   tests/fresh_machine.sh setup      the same with other ./run commands than demo and test, each argument one command
# It uses this machine's package sources, proxy, certificates and pip configuration, and leaves nothing behind.
set -euo pipefail

script="$(readlink -f "${BASH_SOURCE[0]}")"
repository="$(dirname "$(dirname "$script")")"
checkout=/root/vptr_widowx

say() { echo "fresh machine: $*"; }

fail() {
    say "FAILED: $*"
    exit 1
}

# --- the bare root ---------------------------------------------------------------------------------------------------

package_sources() {
    apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' |
        awk '$2 ~ /^bookworm/ { print "deb " $0 }' | sort -u
}

make_root() {
    local bare="$1" mirror
    mirror="$(package_sources | awk '$3 == "bookworm" { print $2; exit }')"
    [ -n "$mirror" ] || fail "this machine's apt names no Debian 12 (bookworm) source: run apt-get update first"
    debootstrap --variant=minbase bookworm "$bare" "$mirror" >"$bare.log" 2>&1 || fail "debootstrap: $(tail -n 1 "$bare.log")"
    package_sources >"$bare/etc/apt/sources.list"
    apt-config dump | grep -E '^Acquire::(https?::|Check-|Retries|ForceIPv)' >"$bare/etc/apt/apt.conf.d/90machine" || true
    cp /etc/resolv.conf /etc/hosts "$bare/etc/"
    cp -r /etc/apt/auth.conf.d "$bare/etc/apt/"
    mkdir -p "$bare/usr/local/share/ca-certificates" "$bare/root/.config/pip"
    find /usr/local/share/ca-certificates -name '*.crt' -exec cp {} "$bare/usr/local/share/ca-certificates/" \;
    [ ! -r /etc/pip.conf ] || cp /etc/pip.conf "$bare/etc/pip.conf"
    [ ! -r "$HOME/.config/pip/pip.conf" ] || cp "$HOME/.config/pip/pip.conf" "$bare/root/.config/pip/"
    git clone -q --no-hardlinks "$repository" "$bare$checkout"
}

# Folders of packages that the pip configuration names are shown inside, read-only.
mount_package_folders() {
    local bare="$1" named folder
    for named in $(
        {
            cat /etc/pip.conf "$HOME/.config/pip/pip.conf" 2>/dev/null
            env | grep '^PIP_'
        } | grep -oE '(^|[ =]|file://)/[^ ,]+' | sed -E 's#^[ =]|^file://##' | sort -u
    ); do
        folder="$(dirname "$named")"
        if [ -d "$named" ] && [ "$folder" != / ] && ! mountpoint -q "$bare$folder"; then
            mkdir -p "$bare$folder"
            mount --bind -o ro "$folder" "$bare$folder"
        fi
    done
}

mount_system() {
    local bare="$1"
    mount -t proc proc "$bare/proc"
    mount --rbind /sys "$bare/sys"
    mount --rbind /dev "$bare/dev"
    mount -t tmpfs tmpfs "$bare/dev/shm"
    mount_package_folders "$bare"
}

# --- inside: runs in mount and process namespaces of its own, which end with it --------------------------------------

inside() {
    local variables=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb)
    mapfile -t -O 3 variables < <(env | grep -E '^PIP_')
    chroot "$bare" env -i "${variables[@]}" "$@" </dev/null
}

# One `./run setup` in FOLDER, under the given wrapper, that must fail with one clear line holding WORDS, and leave no
# half-made environment.
must_fail() {
    local name="$1" words="$2" folder="$3" output started="$SECONDS"
    shift 3
    if output="$(inside "$@" "$folder/run" setup 2>&1)"; then
        fail "$name: set-up succeeded, but should have failed"
    fi
    grep -q "^run: .*$words" <<<"$output" || fail "$name: no line with '$words' in: $output"
    ! grep -qE '^[^ ]+: line [0-9]+|Traceback' <<<"$output" || fail "$name: noise in: $output"
    [ ! -e "$bare$folder/.venv" ] || fail "$name: left a half-made .venv"
    say "$name: as it should be, $((SECONDS - started)) s: $(grep "$words" <<<"$output" | tail -n 1 | cut -c 1-300)"
}

timed() {
    local started="$SECONDS"
    say "./run $*"
    inside bash -c "cd $checkout && ./run $*" || fail "./run $* ended with status $?"
    say "./run $*: $((SECONDS - started)) s"
}

# A disk of SIZE megabytes at /mnt/disk, with a clone on it.
clone_on_disk() {
    mkdir -p "$bare/mnt/disk"
    mount -t tmpfs -o "size=$1M" tmpfs "$bare/mnt/disk"
    cp -r "$bare$checkout" "$bare/mnt/disk/clone"
    rm -rf "$bare/mnt/disk/clone/.venv" "$bare/mnt/disk/clone/.catkin"
}

# Takes the room away from /mnt/disk as soon as set-up has begun to fill it.
shrink_disk() {
    until [ -e "$bare/mnt/disk/clone/.venv/bin/pip" ]; do sleep 0.2; done
    mount -o remount,size=200M "$bare/mnt/disk"
}

faults_before_set_up() {
    cp -r "$bare$checkout" "$bare/home/clone"
    chroot "$bare" chown -R nobody /home/clone
    must_fail "no rights and no sudo" "as root run: apt-get install" /home/clone \
        setpriv --reuid=65534 --regid=65534 --clear-groups
    must_fail "no network" "check the network" "$checkout" unshare --net
    clone_on_disk 100
    must_fail "disk too small" "make room" /mnt/disk/clone
    umount "$bare/mnt/disk"
}

faults_after_set_up() {
    rm -rf "$bare$checkout/.venv"
    must_fail "no network for pip" "check the network" "$checkout" unshare --net
    clone_on_disk 4500
    shrink_disk &
    must_fail "disk full on the way" "disk is full" /mnt/disk/clone
    umount "$bare/mnt/disk"
    must_fail "interrupted" "interrupted" "$checkout" timeout --signal=INT 12
    timed setup
}

try_everything() {
    bare="$1"
    shift
    mount_system "$bare"
    faults_before_set_up
    for command in "$@"; do
        timed "$command"
    done
    say "./run setup, again"
    timed setup
    faults_after_set_up
    say "all as it should be, on $(nproc) cores"
}

if [ "${1-}" = --inside ]; then
    shift
    try_everything "$@"
    exit
fi

[ "$(id -u)" -eq 0 ] || fail "needs root (debootstrap and chroot)"
command -v debootstrap >/dev/null || fail "debootstrap is missing: apt-get install debootstrap"
work="$(mktemp -d)"
trap 'rm -rf --one-file-system "$work"' EXIT
[ $# -gt 0 ] || set -- demo test
started=$SECONDS
make_root "$work/root"
say "bare Debian 12 root: $((SECONDS - started)) s"
unshare --mount --propagation private --pid --fork --kill-child bash "$script" --inside "$work/root" "$@"
