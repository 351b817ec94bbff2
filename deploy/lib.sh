# shellcheck shell=bash
# Common to every script in deploy/ (and useful to tests/run): announcements, packages, homes, ports, processes.
# Source it; it changes nothing by itself. Needs bash >= 5 and Linux' /proc.

umask 022 # whatever the caller's: nothing of ours is writable by others; what is private says so itself

DEPLOY_DIR=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
CHECKOUT=$(dirname "$DEPLOY_DIR")
# shellcheck disable=SC2034  # used by the scripts that source this file
SERVICES=(intake billing cash collections reporting)

EXIT_USAGE=2
EXIT_MISSING=3 # a component is missing or did not start

# ---------------------------------------------------------------------------------------------------- announcements

# Elapsed time counts from the outermost script: demo exports this to up.
export OPENITEM_STEP_T0=${OPENITEM_STEP_T0:-$EPOCHSECONDS}

on_terminal() { [[ -t 1 && ${TERM:-dumb} != dumb ]]; }

# say STEP MESSAGE: one plain line, "[ 12s] kafka: started on 127.0.0.1:23412"
say() {
	if on_terminal; then printf '\r\e[K'; fi
	printf '[%3ds] %s: %s\n' $((EPOCHSECONDS - OPENITEM_STEP_T0)) "$1" "$2"
}

# die EXIT_CODE MESSAGE...
die() {
	local code=$1
	shift
	if on_terminal; then printf '\r\e[K'; fi
	printf 'openitem: %s\n' "$@" >&2
	exit "$code"
}

# die_with_log LOG MESSAGE: the end of the log is most often the answer
die_with_log() {
	local log=$1 message=$2
	if on_terminal; then printf '\r\e[K'; fi
	printf 'openitem: %s\n' "$message" >&2
	if [[ -s $log ]]; then
		printf -- '--- the end of %s\n' "$log" >&2
		tail -n 25 "$log" >&2
		printf -- '---\n' >&2
	fi
	exit "$EXIT_MISSING"
}

# bar STEP DONE TOTAL: a progress bar in the current line; nothing when nobody watches
bar() {
	on_terminal || return 0
	local width=30 filled
	filled=$(($3 > 0 ? $2 * width / $3 : 0))
	local full empty
	printf -v full '%*s' "$filled" ''
	printf -v empty '%*s' $((width - filled)) ''
	printf '\r\e[K[%3ds] %s: [%s%s] %d/%d' $((EPOCHSECONDS - OPENITEM_STEP_T0)) "$1" "${full// /#}" "${empty// /.}" "$2" "$3"
}

# bar_from_ninja STEP: ninja's own "[12/80] ..." lines on standard input become the bar
bar_from_ninja() {
	local line
	while IFS= read -r line; do
		if [[ $line =~ ^\[([0-9]+)/([0-9]+)\] ]]; then bar "$1" "${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}"; fi
	done
	if on_terminal; then printf '\r\e[K'; fi
}

# --------------------------------------------------------------------------------------------------------- packages

# postgresql-client comes with postgresql; npm with some builds of nodejs: see have_package.
# shellcheck disable=SC2034  # used by the scripts that source this file
PACKAGES_STACK=(build-essential clang cmake ninja-build pkg-config librdkafka-dev libprotobuf-c-dev protobuf-c-compiler
	protobuf-compiler libprotobuf-dev libhiredis-dev libpq-dev libssl-dev libjansson-dev libmicrohttpd-dev libxlsxwriter-dev
	libcmocka-dev uthash-dev python3 python3-protobuf postgresql redis-server openjdk-17-jre-headless maven curl ca-certificates kcat)
# shellcheck disable=SC2034
PACKAGES_TESTS=(clang-format clang-tidy libclang-rt-14-dev python3-confluent-kafka prometheus shellcheck nodejs npm
	python3-venv python3-yaml valgrind)

have_java17() {
	local version
	version=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p') || return 1
	[[ -n $version ]] && ((version >= 17))
}

# Satisfied by the Debian package, or, for programs that people install in other ways too, by the program.
have_package() {
	case $1 in
	openjdk-17-jre-headless) have_java17 && return 0 ;;
	maven) command -v mvn >/dev/null && return 0 ;;
	nodejs) command -v node >/dev/null && return 0 ;;
	npm | cmake | clang-format | clang-tidy | shellcheck | curl | kcat) command -v "$1" >/dev/null && return 0 ;;
	prometheus) command -v promtool >/dev/null && return 0 ;;
	esac
	[[ $(dpkg-query -W -f='${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

as_root() {
	if ((EUID == 0)); then "$@"; else sudo "$@"; fi
}

can_be_root() {
	((EUID == 0)) && return 0
	command -v sudo >/dev/null || return 1
	[[ -t 0 ]] || sudo -n true 2>/dev/null # without a terminal nobody can type a password
}

# root_file PATH MODE: standard input becomes a file of root's
root_file() {
	as_root mkdir -p "${1%/*}"
	as_root tee "$1" >/dev/null
	as_root chmod "$2" "$1"
}

# install_quietly NAME...: a freshly installed server must neither start (policy-rc.d) nor come with a cluster of its own
# (createcluster.d). Both files only where absent, and gone again afterwards: run this in a subshell, whose trap that is.
install_quietly() {
	local policy=/usr/sbin/policy-rc.d cluster=/etc/postgresql-common/createcluster.d/openitem.conf
	installer_files=() # not local: the trap runs after this function has ended
	trap '((${#installer_files[@]} == 0)) || as_root rm -f "${installer_files[@]}"' EXIT
	if [[ ! -e $policy ]]; then
		installer_files+=("$policy")
		printf '#!/bin/sh\n# openitem: while packages are installed; removed afterwards\nexit 101\n' | root_file "$policy" 755
	fi
	if [[ ! -e $cluster ]]; then
		installer_files+=("$cluster")
		echo 'create_main_cluster = false' | root_file "$cluster" 644
	fi
	as_root apt-get update -qq
	as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@"
}

# ensure_packages NAME...: installs what is missing, or prints the line to run and exits 3
ensure_packages() {
	local package log
	local -a missing=()
	[[ ${OPENITEM_SKIP_INSTALL:-0} == 1 ]] && return 0
	command -v dpkg-query >/dev/null ||
		die "$EXIT_MISSING" "this is not Debian; install what these packages hold and set OPENITEM_SKIP_INSTALL=1:" "  $*"
	for package in "$@"; do
		have_package "$package" || missing+=("$package")
	done
	if ((${#missing[@]} == 0)); then
		say packages "all installed"
		return 0
	fi
	can_be_root ||
		die "$EXIT_MISSING" "packages are missing; run as root:" "  apt-get update && apt-get install -y ${missing[*]}"
	say packages "installing ${missing[*]}"
	log=$(mktemp)
	(install_quietly "${missing[@]}") >"$log" 2>&1 </dev/null &
	wait $! || die_with_log "$log" "apt-get failed; by hand, as root: apt-get update && apt-get install -y ${missing[*]}"
	rm -f "$log"
	say packages "installed"
}

# ------------------------------------------------------------------------------------------------------------- home

HOME_MARKER=.openitem-home

# The path goes into shell, conninfo, properties and Redis syntax; what needs quoting in one of them is refused.
check_home_path() {
	local allowed='^/[A-Za-z0-9 ._/+@%:=~-]+$'
	[[ $1 =~ $allowed ]] || die "$EXIT_USAGE" "OPENITEM_HOME: only letters, digits, space and ._/+@%:=~- : $1"
	[[ $1 != / && $1 != "${HOME:-/root}" && $1 != "$CHECKOUT" ]] || die "$EXIT_USAGE" "OPENITEM_HOME must be a directory of its own: $1"
}

# home_find: sets and exports OPENITEM_HOME (absolute); touches nothing
home_find() {
	OPENITEM_HOME=$(realpath -m -- "${OPENITEM_HOME:-$CHECKOUT/.openitem}")
	check_home_path "$OPENITEM_HOME"
	export OPENITEM_HOME
}

home_exists() { [[ -f $OPENITEM_HOME/$HOME_MARKER ]]; }

private_directory() {
	mkdir -p "$1"
	chmod 700 "$1"
}

# home_create: a directory of ours, or an empty one that becomes ours
home_create() {
	local entries
	if ! home_exists && [[ -d $OPENITEM_HOME ]]; then
		entries=$(find "$OPENITEM_HOME" -mindepth 1 -maxdepth 1 -print -quit)
		[[ -z $entries ]] || die "$EXIT_USAGE" "$OPENITEM_HOME is not empty and not an Openitem home (no $HOME_MARKER)"
	fi
	mkdir -p "$OPENITEM_HOME"
	echo "Openitem home: everything here is generated by deploy/up; 'deploy/down --wipe' removes it" >"$OPENITEM_HOME/$HOME_MARKER"
	mkdir -p "$OPENITEM_HOME"/{bin,data,run}
	private_directory "$OPENITEM_HOME/logs"
	private_directory "$OPENITEM_HOME/secrets"
}

# home_lock: one up or down at a time. Descriptor 9; whatever we start must close it (spawn does).
home_lock() {
	exec 9>"$OPENITEM_HOME/run/lock"
	flock -n 9 && return 0
	say lock "another up or down is at work on $OPENITEM_HOME: waiting"
	flock -w 600 9 || die "$EXIT_MISSING" "still locked: $OPENITEM_HOME/run/lock"
}

# ------------------------------------------------------------------------------------------------------------ ports

# ports_take KEEP NAME...: see ports.py; prints the names whose recorded port was taken by somebody else
ports_take() { python3 "$DEPLOY_DIR/ports.py" "$OPENITEM_HOME" "$@"; }

# port NAME: the recorded one
port() {
	local name value
	while read -r name value; do
		if [[ $name == "$1" ]]; then
			echo "$value"
			return 0
		fi
	done <"$OPENITEM_HOME/run/ports"
	return 1
}

port_answers() { (: <"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# -------------------------------------------------------------------------------------------------------- processes
# run/NAME.pid holds "PID START", START = field 22 of /proc/PID/stat (clock ticks since boot): a pid that was given to
# another process meanwhile has another start, and is left alone.

# process_start PID: its start; fails when there is no such process or it is only waiting to be reaped
process_start() {
	local stat
	local -a field
	{ stat=$(<"/proc/$1/stat"); } 2>/dev/null || return 1
	read -ra field <<<"${stat##*) }" # the name may hold spaces and brackets; field 3, the state, comes next
	[[ ${field[0]} != Z && ${field[0]} != X ]] || return 1
	echo "${field[19]}"
}

process_record() {
	local start temporary="$OPENITEM_HOME/run/$1.pid.$BASHPID"
	start=$(process_start "$2") || return 0 # died already: the caller's wait finds out
	echo "$2 $start" >"$temporary"
	mv -f "$temporary" "$OPENITEM_HOME/run/$1.pid"
}

# process_pid NAME: prints the pid when exactly that process still runs
process_pid() {
	local pid start now
	{ read -r pid start <"$OPENITEM_HOME/run/$1.pid"; } 2>/dev/null || return 1
	now=$(process_start "$pid") || return 1
	[[ $now == "$start" ]] || return 1
	echo "$pid"
}

process_runs() { process_pid "$1" >/dev/null; }

# process_signal NAME SIGNAL: no process is no error
process_signal() {
	local pid
	pid=$(process_pid "$1") || return 0
	kill -s "$2" "$pid" 2>/dev/null || true
}

# process_wait NAME SECONDS: until it is gone
process_wait() {
	local deadline=$((EPOCHSECONDS + $2))
	while process_runs "$1"; do
		((EPOCHSECONDS < deadline)) || return 1
		sleep 0.05
	done
}

# process_stop NAME SIGNAL SECONDS: asks, waits, then kills
process_stop() {
	process_signal "$1" "$2"
	if ! process_wait "$1" "$3"; then
		say "$1" "did not stop within $3 s: killed"
		process_signal "$1" KILL
		process_wait "$1" 5 || die 1 "$1 does not even die: pid $(process_pid "$1")"
	fi
	rm -f "$OPENITEM_HOME/run/$1.pid"
}

# close_inherited: whatever the caller had open stays the caller's. A pipe that a server kept would never end for its
# reader, and the home's lock would never be free.
close_inherited() {
	local path fd
	exec </dev/null
	for path in "/proc/$BASHPID/fd/"*; do
		fd=${path##*/}
		if ((fd > 2 && fd != 255)); then exec {fd}>&-; fi # 255 is the script itself, closed on exec
	done
}

# spawn NAME COMMAND...: in a session of its own, so that it survives the terminal; logs/NAME.log; recorded.
# Nothing of our environment: a PGHOST or JAVA_TOOL_OPTIONS of the caller must not change what runs here.
spawn() {
	local name=$1
	shift
	(
		exec >>"$OPENITEM_HOME/logs/$name.log" 2>&1
		close_inherited
		exec setsid env -i PATH="$PATH" LANG=C.UTF-8 TZ=UTC ${JAVA_HOME:+JAVA_HOME="$JAVA_HOME"} "$@"
	) &
	process_record "$name" $!
}

# wait_ready NAME SECONDS PROBE...: 0 = it answers, 1 = it died, 2 = time is up
wait_ready() {
	local name=$1 deadline=$((EPOCHSECONDS + $2))
	shift 2
	until "$@" >/dev/null 2>&1; do
		process_runs "$name" || return 1
		((EPOCHSECONDS < deadline)) || return 2
		sleep 0.1
	done
	process_runs "$name" || return 1 # it was somebody else who answered on that port
}

# ---------------------------------------------------------------------------------------------------------- secrets

new_password() { od -An -v -tx1 -N20 /dev/urandom | tr -d ' \n'; }

# secret_file FILE CONTENT: written once, never changed, readable by the owner only
secret_file() {
	local file=$OPENITEM_HOME/secrets/$1
	[[ -s $file ]] && return 0
	(
		umask 077
		printf '%s\n' "$2" >"$file.new"
	)
	mv -f "$file.new" "$file"
}

# render TEMPLATE NAME VALUE...: @NAME@ replaced; to standard output
render() {
	local text
	text=$(<"$1")
	shift
	while (($# > 0)); do
		text=${text//"@$1@"/"$2"}
		shift 2
	done
	printf '%s\n' "$text"
}
