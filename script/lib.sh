# shellcheck shell=bash disable=SC2034
# lib.sh - what the scripts share: words, packages, the build. Sourced, never run.
#
# SPDX-License-Identifier: Apache-2.0

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)

# What each purpose needs, as Debian names it. "package=command" is satisfied by any command of
# that name on the PATH; a plain package must be installed.
packages_serve=(
    gcc=gcc libc6-dev meson=meson ninja-build=ninja pkg-config=pkg-config python3-yaml
    libmicrohttpd-dev libsqlite3-dev libxxhash-dev libglib2.0-dev libssl-dev libjansson-dev
    libcsv-dev libcurl4-openssl-dev zlib1g-dev libwslay-dev tzdata nodejs=node npm=npm
)
packages_test=(
    "${packages_serve[@]}" libcmocka-dev curl=curl
    libfuse3-dev e2fsprogs=mkfs.ext4 xfsprogs=mkfs.xfs
    man-db=man mandoc=mandoc zsh=zsh fish=fish
)
# Without these the tests that need them are skipped, by name.
packages_faults=(strace=strace libfaketime slowhttptest=slowhttptest)
# Amazon's own engine for script/test --engine dynamodb-local; itself it comes by npm.
packages_dynamodb_local=(openjdk-17-jre-headless=java iproute2=ip util-linux=unshare)
# Without it the browser suite is skipped; the font is for its pictures.
packages_browser=(chromium=chromium fonts-inter)
packages_bench=("${packages_serve[@]}" util-linux=taskset)
# What script/bench compares with; what is not here is skipped, by name.
packages_peers=(redis-server=redis-server redis-tools=redis-benchmark postgresql-15)
packages_check=(
    "${packages_serve[@]}" libcmocka-dev clang-format=clang-format clang-tidy=clang-tidy
    cppcheck=cppcheck shellcheck=shellcheck
)

say() {
    printf '%s\n' "$*" >&2
}

die() {
    say "$(basename "$0"): $*"
    exit 1
}

# Prints the comment at the top of a script, without the marks: its --help.
print_help() {
    awk 'NR == 1 { next } /^#/ { if (/SPDX/) next; sub(/^# ?/, ""); print; next } { exit }' "$0"
}

package_is_here() { # package[=command]
    local package=${1%%=*} command=
    [[ $1 == *=* ]] && command=${1#*=}
    if [[ -n $command ]] && command -v "$command" >/dev/null; then
        return 0
    fi
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]]
}

# Installs those of the packages that are missing. Says nothing and touches no network when none is.
ensure_packages() {
    local entry missing=() as_root=()
    if ! command -v dpkg-query >/dev/null; then
        say "This is not a Debian system: make sure that these are here: ${*%%=*}"
        return 0
    fi
    for entry in "$@"; do
        package_is_here "$entry" || missing+=("${entry%%=*}")
    done
    [[ ${#missing[@]} -eq 0 ]] && return 0

    if [[ $(id -u) -ne 0 ]]; then
        command -v sudo >/dev/null || die "these packages are missing, and neither root nor sudo" \
            "is here to install them. As root: apt-get install ${missing[*]}"
        as_root=(sudo)
    fi
    say "Installing: ${missing[*]}"
    apt_get "${as_root[@]}" -- update ||
        die "apt-get update failed (its words are above). Missing: ${missing[*]}"
    apt_get "${as_root[@]}" -- install -y --no-install-recommends "${missing[@]}" ||
        die "apt-get install failed (its words are above). Missing: ${missing[*]}"
}

apt_get() { # [sudo] -- arguments; prints its output only when it fails
    local as_root=() log
    while [[ $1 != -- ]]; do
        as_root+=("$1")
        shift
    done
    shift
    log=$(mktemp)
    # `env`, because sudo does not pass the environment on
    if ! "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq "$@" \
        </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# esbuild and the tests' runner need it.
require_node() {
    local major
    major=$(node -p 'process.versions.node.split(".")[0]')
    [[ $major -ge 18 ]] || die "node $(node --version) is too old: 18 or newer is needed"
}

# Installs a folder's npm packages, exactly as its lock says; does nothing when they are there.
node_packages() { # FOLDER
    local record=$1/node_modules/.installed
    cmp -s "$1/package-lock.json" "$record" && return 0
    say "Installing the npm packages of ${1#"$root"/}/"
    quietly npm ci --prefix "$1" --no-audit --no-fund || die "npm ci failed; its words are above"
    cp "$1/package-lock.json" "$record"
}

# Builds the TypeScript client into clients/js/dist.
build_client() {
    node_packages "$root/clients/js"
    [[ -z $(find "$root/clients/js"/{src,build.mjs,package.json,tsconfig.json} \
        -newer "$root/clients/js/dist/index.js" 2>&1) ]] && return 0
    quietly npm run --prefix "$root/clients/js" build || die "building the client failed; the words are above"
}

# Builds the dashboard into web/dist, from its own sources and the client's.
build_dashboard() {
    node_packages "$root/web"
    # not newer than itself: a manifest that is missing is an error of find, and so an output
    [[ -z $(find "$root/web"/{src,build.mjs,package.json} "$root/clients/js/src" \
        -newer "$root/web/dist/manifest.json" 2>&1) ]] && return 0
    (
        flock 9 # two scripts at once share web/dist
        say "Building the dashboard"
        quietly npm run --prefix "$root/web" build
    ) 9>"$root/web/node_modules/.lock" || die "building the dashboard failed; the words are above"
}

# The same where the program is wanted even without it: npm's registry may be out of reach.
# Prints the option for meson.
dashboard_if_possible() {
    if (require_node && build_dashboard); then
        echo -Ddashboard=enabled
    else
        say "Going on without the dashboard: / says how to get it."
        echo -Ddashboard=auto
    fi
}

# Runs a command; its output is shown only when it fails.
quietly() {
    local log
    log=$(mktemp)
    if ! "$@" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

# Builds into a folder, made or brought up to date first, and leaves the program at FOLDER/footfall.
#   build FOLDER program|all [meson option...]
build() {
    local folder=$1 what=$2 targets=()
    shift 2
    [[ $what == program ]] && targets=(src/cli/footfall)
    mkdir -p "$folder"
    (
        flock 9 # two scripts at once share one build folder
        configure "$folder" "$@" || die "configuring the build failed; the reason is above"
        if [[ ! -e $folder/footfall ]]; then
            say "Building Footfall in ${folder#"$root"/}/ (a minute, the first time)"
        fi
        quietly ninja -C "$folder" "${targets[@]}" ||
            die "the build failed; the compiler's words are above"
        ln -sfn src/cli/footfall "$folder/footfall"
    ) 9>"$folder/.lock" || exit 1
}

# Sets a build folder up for this place, with at least the given options; does nothing when it is.
configure() { # FOLDER [meson option...]
    local folder=$1 record=$1/.configured before option missing=()
    shift
    before=$(cat "$record" 2>/dev/null || true)
    for option in "$@"; do
        [[ " $before " == *" $option "* ]] || missing+=("$option")
    done
    if [[ ! -f $folder/build.ninja ]]; then
        quietly meson setup "$folder" "$root" "$@" || return 1
    elif [[ -n $before && $before != "$root" && $before != "$root "* ]]; then
        # the project was moved or copied together with its build folder
        quietly meson setup --wipe "$folder" "$root" "$@" || return 1
        before=
    elif [[ -z $before || ${#missing[@]} -gt 0 ]]; then
        quietly meson setup --reconfigure "$folder" "$root" "$@" || return 1
    fi
    before=${before:-$root}
    for option in "${missing[@]}"; do
        # another value of the same option holds no longer
        # shellcheck disable=SC2001 # bash's own patterns cannot say "up to the next space"
        before="$(sed "s/ ${option%%=*}=[^ ]*//g" <<<"$before") $option"
    done
    printf '%s' "$before" >"$record"
}
