#!/bin/sh
# Run the library's tests and the notebooks on an emulated 64-bit ARM machine: on Debian, as root.
# Arguments go to pytest instead: sh tools/arm.sh tests/test_relu.py
# The machine, 1.4 GB, stays in /var/cache/npdl-activations-arm for the next run; ARM=/another/folder moves it.
set -eu
cd "$(dirname "$0")/.."
arm=${ARM:-/var/cache/npdl-activations-arm}
root=$arm/root
packages=$root/usr/local/lib/python3.11/dist-packages

give_up() {
    echo "$1" >&2
    exit 1
}

[ "$(uname -m)" != aarch64 ] || give_up "This machine is a 64-bit ARM itself: make test does it all."
command -v apt-get >/dev/null || give_up "The emulated machine is made by Debian's apt-get, which is not here."
[ "$(id -u)" = 0 ] || give_up "Making and entering the emulated machine takes root: sudo sh tools/arm.sh."
[ -x .venv/bin/pip ] || give_up "The packages are fetched by the pip in .venv: run make test first, which sets it up."

if ! { command -v debootstrap && command -v update-binfmts && command -v qemu-aarch64-static; } >/dev/null; then
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install --no-install-recommends \
        debootstrap binfmt-support qemu-user-static >/dev/null ||
        give_up "apt-get could not install debootstrap, binfmt-support and qemu-user-static."
fi
[ -e /proc/sys/fs/binfmt_misc/status ] || mount -t binfmt_misc binfmt_misc /proc/sys/fs/binfmt_misc ||
    give_up "This kernel cannot be told how to run programs for another processor (binfmt_misc)."
[ -e /proc/sys/fs/binfmt_misc/qemu-aarch64 ] || update-binfmts --enable qemu-aarch64

if [ ! -e "$root" ]; then
    echo "Making the machine in $arm (two minutes, once)."
    mkdir -p "$arm"
    rm -rf "$root.new"
    debootstrap --arch=arm64 --variant=minbase --include=python3 bookworm "$root.new" >"$arm/debootstrap.log" 2>&1 ||
        give_up "debootstrap failed: see $arm/debootstrap.log."
    mv "$root.new" "$root"
fi
if ! cmp -s requirements.txt "$root/requirements.txt"; then
    echo "Fetching its packages (a minute)."
    rm -rf "$packages"
    # This machine's pip unpacks the wheels for the other one: emulated, it would take ten times as long.
    # Bookworm has glibc 2.36, and runs what was built for an older one.
    .venv/bin/pip install -qq --disable-pip-version-check --no-deps --target "$packages" --only-binary=:all: \
        $(seq -f '--platform manylinux_2_%g_aarch64' 36 -1 17) --platform manylinux2014_aarch64 \
        --python-version 3.11 --requirement requirements.txt
    cp requirements.txt "$root"
fi
rm -rf "$root/checkout"
mkdir "$root/checkout"
tar -c --exclude=./.git --exclude=./.venv --exclude=./.peers --exclude=./_build --exclude=./_experiments --exclude=./_verify . | tar -x -C "$root/checkout"

# The mount is of this process alone, and goes with it.
on_arm() {
    unshare --mount sh -c 'mount -t proc proc "$0/proc" && exec chroot "$0" "$@"' "$root" \
        env -i -C /checkout HOME=/root LC_ALL=C.UTF-8 TIERS=numpy PATH=/usr/bin:/bin PYTHONPATH=/checkout \
        python3 -m pytest -q "$@"
}

if [ $# -gt 0 ]; then
    on_arm "$@"
    exit
fi
# Numba compiles there for minutes what a real machine compiles in seconds: NumPy's tier is tested.
set -- --ignore=npdl_activations/compiled npdl_activations tests/test_contract.py tests/test_hazards.py
for module in npdl_activations/[a-z]*.py; do
    test=tests/test_${module##*/}
    [ ! -e "$test" ] || set -- "$@" "$test"
done
failed=0
on_arm -n 2 "$@" || failed=1
on_arm -n 2 --dist loadfile --nbval --nbval-current-env --nbval-cell-timeout=1200 book || failed=1
exit $failed
