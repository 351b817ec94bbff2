# shellcheck shell=bash
# The three servers and the five services of one OPENITEM_HOME: how each is prepared, started, waited for and stopped.
# Sourced by up and down after lib.sh.

INFRASTRUCTURE=(kafka redis postgres)
SCHEMAS=("${SERVICES[@]}" operator) # operator: what people did with the operators' tool; no service of its own
KAFKA_VERSION_DEFAULT=4.3.1
DATABASE=openitem

# ------------------------------------------------------------------------------------------------------- PostgreSQL

# initdb and postgres refuse root, so root borrows the user that the package made. setpriv becomes the command itself
# (su and runuser stay as its parent), so the recorded pid is the postmaster's.
as_postgres() {
	if ((EUID == 0)); then
		setpriv --reuid=postgres --regid=postgres --init-groups -- "$@"
	else
		"$@"
	fi
}

postgres_bin() {
	local dir best=''
	for dir in /usr/lib/postgresql/*/bin; do # the glob sorts 9 after 15, so compare numbers
		[[ -x $dir/initdb ]] || continue
		if [[ -z $best || $(basename "${dir%/bin}") -gt $(basename "${best%/bin}") ]]; then best=$dir; fi
	done
	if [[ -z $best ]] && command -v pg_config >/dev/null; then best=$(pg_config --bindir); fi
	[[ -x $best/initdb ]] || die "$EXIT_MISSING" "PostgreSQL's server programs are missing (looked in /usr/lib/postgresql/*/bin)"
	echo "$best"
}

# Where PostgreSQL's files lie: data/postgres, a directory, or a link to one under /var/tmp when the user postgres cannot
# reach the home (a checkout below /root). The link is the record.
postgres_place() {
	local link=$OPENITEM_HOME/data/postgres away
	[[ ! -L $link || -e $link ]] || die "$EXIT_MISSING" "PostgreSQL's data are gone: $(readlink "$link") (deploy/down --wipe starts afresh)"
	[[ -e $link ]] && return 0
	if ((EUID != 0)); then
		mkdir -m 700 "$link"
	elif as_postgres test -x "$OPENITEM_HOME/data"; then
		install -d -m 700 -o postgres -g postgres "$link"
	else
		away=$(postgres_away)
		ln -s "$away/postgres" "$link"
		say postgres "data in $away (the user postgres cannot reach $OPENITEM_HOME)"
	fi
}

# postgres_away: makes and prints the directory outside the home
postgres_away() {
	local hash away
	hash=$(printf '%s' "$OPENITEM_HOME" | sha256sum)
	away=/var/tmp/openitem-${hash:0:16}
	if [[ -e $away || -L $away ]]; then # left by a home that was removed by hand, or somebody else's
		[[ ! -L $away && -O $away && -f $away/$HOME_MARKER ]] || die "$EXIT_MISSING" "$away exists and is not ours"
		rm -rf "$away"
	fi
	mkdir -m 711 "$away"
	printf '%s\n' "$OPENITEM_HOME" >"$away/$HOME_MARKER"
	install -d -m 700 -o postgres -g postgres "$away/postgres"
	echo "$away"
}

# postgres_file PATH: standard input into a file of the user postgres, private
postgres_file() {
	# shellcheck disable=SC2016  # $1 is the inner shell's
	as_postgres sh -c 'umask 077; cat >"$1"' - "$1"
}

# postgres_init DIR BIN: a cluster, complete or not at all (made beside its place, then moved)
postgres_init() {
	local dir=$1 bin=$2
	[[ -f $dir/cluster/PG_VERSION ]] && return 0
	as_postgres rm -rf "$dir/cluster.new"
	# The password goes through a file that postgres can read; the one in secrets/ it cannot.
	postgres_password postgres | postgres_file "$dir/pwfile"
	# Collation C: the same order on every machine, and the fastest index; letters know upper and lower case.
	if ! (cd / && as_postgres env -i PATH="$PATH" LANG=C.UTF-8 "$bin/initdb" -D "$dir/cluster.new" -U postgres --pwfile="$dir/pwfile" \
		--auth=scram-sha-256 --encoding=UTF8 --lc-collate=C --lc-ctype=C.UTF-8 --no-instructions) \
		>>"$OPENITEM_HOME/logs/postgres.log" 2>&1; then
		die_with_log "$OPENITEM_HOME/logs/postgres.log" "initdb failed"
	fi
	as_postgres rm -f "$dir/pwfile"
	as_postgres mv "$dir/cluster.new" "$dir/cluster"
}

postgres_configure() {
	local file
	for file in postgresql.conf pg_hba.conf; do
		postgres_file "$1/cluster/$file" <"$DEPLOY_DIR/postgres/$file"
	done
}

# After kill -9 of everything, postmaster.pid may name a pid that is somebody else's by now, and PostgreSQL then refuses.
# Ours does not run (the caller looked); a postmaster works in its data directory, so anything else is a reused pid.
postgres_forget_stale_pid() {
	local cluster=$1 pid
	[[ -f $cluster/postmaster.pid ]] || return 0
	read -r pid <"$cluster/postmaster.pid" || return 0
	[[ $(readlink "/proc/$pid/cwd" 2>/dev/null) == "$cluster" ]] || as_postgres rm -f "$cluster/postmaster.pid"
}

# postgres_end_orphans CLUSTER: backends that outlived their postmaster. Idle ones go by themselves, a busy one may work
# for minutes and hold the shared memory. Known by where they work; no postmaster of ours runs (the caller looked).
postgres_end_orphans() {
	local process
	for process in /proc/[0-9]*; do
		[[ $(readlink "$process/cwd" 2>/dev/null) == "$1" && $(readlink "$process/exe" 2>/dev/null) == */postgres ]] || continue
		kill -TERM "${process#/proc/}" 2>/dev/null || true
	done
}

# postgres_launch DIR BIN: 0 when it accepts connections. An immediate restart after a crash can meet orphaned backends
# that still hold the shared memory: asked to go, and tried again.
postgres_launch() {
	local cluster=$1/cluster bin=$2 log=$OPENITEM_HOME/logs/postgres.log deadline=$((EPOCHSECONDS + 60)) before status
	while :; do
		postgres_forget_stale_pid "$cluster"
		before=$(stat -c %s "$log" 2>/dev/null || echo 0)
		(cd / && if ((EUID == 0)); then
			spawn postgres setpriv --reuid=postgres --regid=postgres --init-groups -- "$bin/postgres" -D "$cluster" -p "$(port postgres)"
		else
			spawn postgres "$bin/postgres" -D "$cluster" -p "$(port postgres)"
		fi)
		status=0
		# Redo may take a while (12 s for 1.5 GB of WAL on a slow disk), so the limit is generous.
		wait_ready postgres 180 "$bin/pg_isready" -q -t 1 -h 127.0.0.1 -p "$(port postgres)" || status=$?
		if ((status == 0)); then return 0; fi
		if ((status == 1 && EPOCHSECONDS < deadline)) &&
			tail -c "+$((before + 1))" "$log" | grep -qE 'pre-existing shared memory|is another postmaster'; then
			postgres_end_orphans "$cluster"
			sleep 0.5
			continue
		fi
		die_with_log "$log" "PostgreSQL did not start"
	done
}

# postgres_role NAME -> role; the short names are those of the pass files
postgres_role() { if [[ $1 == postgres ]]; then echo postgres; else echo "openitem_$1"; fi; }

# postgres_password NAME: from its pass file, which is where the password lives
postgres_password() { sed 's/.*://' "$OPENITEM_HOME/secrets/pgpass-$1"; }

postgres_role_names() {
	local schema
	echo owner
	for schema in "${SCHEMAS[@]}"; do printf '%s\n%s\n' "$schema" "${schema}_ro"; done
}

# One pass file per role: a service is told of its own only. Any port: ours may move, the password does not.
postgres_secrets() {
	local name
	for name in postgres $(postgres_role_names); do
		secret_file "pgpass-$name" "127.0.0.1:*:*:$(postgres_role "$name"):$(new_password)"
	done
}

# postgres_admin DATABASE ARGS...: psql as superuser
postgres_admin() {
	local database=$1
	shift
	env -i PATH="$PATH" PGPASSFILE="$OPENITEM_HOME/secrets/pgpass-postgres" psql -X -q -v ON_ERROR_STOP=1 \
		-h 127.0.0.1 -p "$(port postgres)" -U postgres -d "$database" "$@"
}

postgres_roles() {
	local name exists
	exists=$(postgres_admin postgres -Atc "SELECT 1 FROM pg_database WHERE datname = '$DATABASE'")
	[[ -n $exists ]] || postgres_admin postgres -c "CREATE DATABASE $DATABASE"
	{
		printf "\\\\set services '%s'\n" "${SCHEMAS[*]}"
		for name in $(postgres_role_names); do
			printf "\\\\set %s_password '%s'\n" "$name" "$(postgres_password "$name")"
		done
		cat "$DEPLOY_DIR/postgres/roles.sql"
	} | postgres_admin "$DATABASE" -f - >>"$OPENITEM_HOME/logs/postgres.log" 2>&1 ||
		die_with_log "$OPENITEM_HOME/logs/postgres.log" "roles.sql failed"
}

postgres_start() {
	local dir bin
	if process_runs postgres; then
		postgres_roles # a later version may want another one, and migrations grant to it
		return 0
	fi
	bin=$(postgres_bin)
	postgres_place
	dir=$(realpath "$OPENITEM_HOME/data/postgres") # where it is a link, the user postgres cannot follow it
	postgres_init "$dir" "$bin"
	postgres_configure "$dir"
	postgres_launch "$dir" "$bin"
	postgres_roles
	say postgres "started on 127.0.0.1:$(port postgres)"
}

# Fast shutdown (SIGINT): sessions are cut, what was committed is checkpointed.
postgres_stop() { process_stop postgres INT 60; }

# postgres_clean_up: what a postmaster that was killed left behind
postgres_clean_up() {
	process_runs postgres && return 0
	[[ -d $OPENITEM_HOME/data/postgres ]] || return 0
	postgres_end_orphans "$(realpath "$OPENITEM_HOME/data/postgres")/cluster"
}

# Only what postgres_place made for this very home.
postgres_wipe_away() {
	local target away
	target=$(readlink "$OPENITEM_HOME/data/postgres") || return 0
	away=${target%/postgres}
	[[ $away == /var/tmp/openitem-* && -O $away && $(cat "$away/$HOME_MARKER" 2>/dev/null) == "$OPENITEM_HOME" ]] || return 0
	rm -rf "$away"
}

# ------------------------------------------------------------------------------------------------------------ Redis

redis_secrets() {
	secret_file redis-openitem.password "$(new_password)"
	secret_file redis-admin.password "$(new_password)"
}

redis_sha256() { tr -d '\n' <"$OPENITEM_HOME/secrets/redis-$1.password" | sha256sum | cut -d ' ' -f 1; }

redis_configure() {
	local dir=$OPENITEM_HOME/data/redis
	private_directory "$dir"
	(
		umask 077
		render "$DEPLOY_DIR/redis/users.acl.in" OPENITEM_SHA256 "$(redis_sha256 openitem)" ADMIN_SHA256 "$(redis_sha256 admin)" >"$dir/users.acl"
	)
	render "$DEPLOY_DIR/redis/redis.conf.in" PORT "$(port redis)" DIR "$dir" ACL_FILE "$dir/users.acl" >"$dir/redis.conf"
}

redis_answers() {
	local answer
	answer=$(REDISCLI_AUTH=$(<"$OPENITEM_HOME/secrets/redis-openitem.password") \
		redis-cli -h 127.0.0.1 -p "$(port redis)" --user openitem --no-auth-warning ping)
	[[ $answer == PONG ]]
}

redis_start() {
	process_runs redis && return 0
	redis_configure
	spawn redis redis-server "$OPENITEM_HOME/data/redis/redis.conf"
	wait_ready redis 20 redis_answers || die_with_log "$OPENITEM_HOME/logs/redis.log" "Redis did not start"
	say redis "started on 127.0.0.1:$(port redis)"
}

redis_stop() { process_stop redis TERM 10; }

# ------------------------------------------------------------------------------------------------------------ Kafka

# A home keeps the version it was born with: 4.x formats a newer metadata version than 3.9 can read.
kafka_version() {
	local recorded='' wanted
	if [[ -f $OPENITEM_HOME/data/kafka.version ]]; then recorded=$(<"$OPENITEM_HOME/data/kafka.version"); fi
	wanted=${OPENITEM_KAFKA_VERSION:-${recorded:-$KAFKA_VERSION_DEFAULT}}
	[[ $wanted =~ ^[0-9]+\.[0-9]+\.[0-9]+$ ]] || die "$EXIT_USAGE" "OPENITEM_KAFKA_VERSION: expected like $KAFKA_VERSION_DEFAULT, got '$wanted'"
	[[ -z $recorded || $recorded == "$wanted" ]] ||
		die "$EXIT_USAGE" "$OPENITEM_HOME was made with Kafka $recorded; OPENITEM_KAFKA_VERSION=$wanted needs another home (or down --wipe)"
	echo "$wanted"
}

kafka_lib() { echo "${OPENITEM_CACHE:-${HOME:-/root}/.cache/openitem}/kafka-$1"; }

# kafka_fetch VERSION: the jars, complete or not at all (fetched beside their place, then moved), checksums enforced
kafka_fetch() {
	local version=$1 lib temporary log
	process_runs kafka && return 0
	lib=$(kafka_lib "$version")
	[[ -d $lib ]] && return 0
	say kafka "fetching the jars of $version through Maven"
	mkdir -p "$(dirname "$lib")"
	temporary=$(mktemp -d "$lib.XXXXXX")
	log=$(mktemp)
	cp "$DEPLOY_DIR/kafka/pom.xml" "$temporary/pom.xml" # Maven likes to write beside the pom
	mvn -B --strict-checksums -f "$temporary/pom.xml" -Dkafka.version="$version" dependency:copy-dependencies \
		-DoutputDirectory="$temporary/lib" >"$log" 2>&1 </dev/null || {
		rm -rf "$temporary"
		die_with_log "$log" "Maven could not fetch Kafka $version"
	}
	chmod 755 "$temporary/lib"
	mv -T "$temporary/lib" "$lib" 2>/dev/null || [[ -d $lib ]] # another up was faster: as good
	rm -rf "$temporary" "$log"
	say kafka "jars of $version in $lib"
}

# kafka_java NAME ARGS...: NAME = '' runs in the foreground. The class path keeps its star: java expands it itself.
kafka_java() {
	local name=$1 lib
	shift
	lib=$(kafka_lib "$(kafka_version)")
	local -a command=(java -Xms384m -Xmx384m -Xmn240m -XX:+UseSerialGC -XX:-UsePerfData -XX:+ExitOnOutOfMemoryError
		-Djava.awt.headless=true -Dlog4j.configuration="file:$DEPLOY_DIR/kafka/log4j.properties"
		-Dlog4j2.configurationFile="$DEPLOY_DIR/kafka/log4j2.properties" -cp "$lib/*" "$@")
	if [[ -n $name ]]; then spawn "$name" "${command[@]}"; else "${command[@]}"; fi
}

kafka_configure() {
	render "$DEPLOY_DIR/kafka/server.properties.in" PORT "$(port kafka)" CONTROLLER_PORT "$(port kafka_controller)" LOG_DIR "$1" >"$2"
}

# Formatted beside its place, then moved: a log directory is either whole or absent.
kafka_format() {
	local data=$OPENITEM_HOME/data log=$OPENITEM_HOME/logs/kafka.log id
	[[ -d $data/kafka ]] && return 0
	rm -rf "$data/kafka.new"
	private_directory "$data/kafka.new"
	kafka_configure "$data/kafka.new" "$data/kafka-format.properties"
	# 16 random bytes in URL-safe base64, as kafka.tools.StorageTool random-uuid gives them, without a second JVM;
	# "A" in front because an id that begins with "-" reads like an option
	id=A$(head -c 16 /dev/urandom | base64 | tr '+/' '-_' | cut -c 2-22)
	kafka_java '' kafka.tools.StorageTool format -t "$id" -c "$data/kafka-format.properties" >>"$log" 2>&1 </dev/null 9>&- ||
		die_with_log "$log" "Kafka could not format $data/kafka.new"
	rm -f "$data/kafka-format.properties"
	kafka_version >"$data/kafka.version.new" # by way of a second file: kafka_version would read its own output, empty
	mv "$data/kafka.version.new" "$data/kafka.version"
	mv "$data/kafka.new" "$data/kafka"
}

# kcat costs 10 s when nobody listens, so knock first
kafka_answers() {
	port_answers "$(port kafka)" && kcat -L -b "127.0.0.1:$(port kafka)" -m 2 -X log_level=0 >/dev/null 2>&1
}

kafka_start() {
	process_runs kafka && return 0
	kafka_format
	kafka_configure "$OPENITEM_HOME/data/kafka" "$OPENITEM_HOME/data/kafka.properties"
	kafka_java kafka kafka.Kafka "$OPENITEM_HOME/data/kafka.properties"
	wait_ready kafka 90 kafka_answers || die_with_log "$OPENITEM_HOME/logs/kafka.log" "Kafka did not start"
	say kafka "$(kafka_version) started on 127.0.0.1:$(port kafka)"
}

kafka_stop() { process_stop kafka TERM 30; }

# --------------------------------------------------------------------------------------------------- infrastructure

# infrastructure_start: the three at once; each announces itself
infrastructure_start() {
	local component failed=0
	local -a pids=()
	for component in "${INFRASTRUCTURE[@]}"; do
		("${component}_start") &
		pids+=($!)
	done
	for component in "${pids[@]}"; do wait "$component" || failed=1; done
	((failed == 0)) || die "$EXIT_MISSING" "the stack is not complete; see above, and $OPENITEM_HOME/logs"
}

infrastructure_stop() {
	local component
	for component in "${INFRASTRUCTURE[@]}"; do # Kafka first: it is the one that others write to
		if process_runs "$component"; then
			"${component}_stop"
			say "$component" "stopped"
		fi
		rm -f "$OPENITEM_HOME/run/$component.pid"
	done
	postgres_clean_up
}

# --------------------------------------------------------------------------------------------------------- services

service_program() { echo "openitem-$1"; }

# It runs when its supervisor does. A service whose supervisor was killed is an orphan: stopped, and started again.
service_runs() { process_runs "$1.supervisor"; }

service_start() {
	service_runs "$1" && return 0
	process_stop "$1" TERM 5
	setsid "$DEPLOY_DIR/supervise" "$1" </dev/null >>"$OPENITEM_HOME/logs/$1.log" 2>&1 9>&- &
	process_record "$1.supervisor" $!
}

service_answers() { curl -fsS -m 2 -o /dev/null "http://127.0.0.1:$(port "$1")/readyz"; }

service_wait() {
	local status=0 log=$OPENITEM_HOME/logs/$1.log
	wait_ready "$1.supervisor" 90 service_answers "$1" || status=$?
	case $status in
	0) say "$1" "ready on 127.0.0.1:$(port "$1")" ;;
	1) die_with_log "$log" "$1 stopped instead of starting" ;;
	*) die_with_log "$log" "$1 is not ready after 90 s (http://127.0.0.1:$(port "$1")/readyz)" ;;
	esac
}

# services_start: those that do not run yet; all at once, then wait for each
services_start() {
	local service
	local -a started=()
	for service in "${SERVICES[@]}"; do
		service_runs "$service" && continue
		service_start "$service"
		started+=("$service")
	done
	for service in "${started[@]}"; do service_wait "$service"; done
}

# services_stop: asks all at once; each supervisor gives its service 5 s
services_stop() {
	local service
	for service in "${SERVICES[@]}"; do process_signal "$service.supervisor" TERM; done
	for service in "${SERVICES[@]}"; do
		if service_runs "$service"; then
			process_stop "$service.supervisor" TERM 8
			say "$service" "stopped"
		fi
		process_stop "$service" TERM 5 # an orphan; no process is no error
		rm -f "$OPENITEM_HOME/run/$service.supervisor.pid"
	done
}
