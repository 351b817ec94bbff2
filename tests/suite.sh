# shellcheck shell=bash
# What tests/run and tests/campaign share: counting, and builds. Sourced after deploy/lib.sh; the caller sets RESULTS, a directory for logs.

passed=0
failed=0
skipped=0

# test_one NAME COMMAND...: runs it, counts its `ok` and `not ok` lines (TAP), or, if it has none, its `N passed, N failed`, or its exit code
test_one() {
	local name=$1 log code=0 oks nots line
	shift
	log=$RESULTS/${name//[^a-zA-Z0-9_.-]/_}.log
	"$@" >"$log" 2>&1 </dev/null || code=$?
	# A checker that checks itself says where the failures begin that it wants to see.
	oks=$(sed '/^# from here on failures are expected/,$d' "$log" | grep -cE '^[[:space:]]*ok( |$)' || true)
	nots=$(sed '/^# from here on failures are expected/,$d' "$log" | grep -cE '^[[:space:]]*not ok( |$)' || true)
	if ((oks + nots == 0)); then
		line=$(grep -E '^[0-9]+ passed, [0-9]+ failed' "$log" | tail -n 1 || true)
		if [[ $line =~ ^([0-9]+)\ passed,\ ([0-9]+)\ failed ]]; then
			oks=${BASH_REMATCH[1]} nots=${BASH_REMATCH[2]}
		elif ((code == 0)); then
			oks=1
		fi
	fi
	skipped=$((skipped + $(grep -cE '^skipped' "$log" || true)))
	# A program that died has failed, whatever it had printed before.
	if ((code != 0 && nots == 0)); then nots=1; fi
	passed=$((passed + oks))
	failed=$((failed + nots))
	if ((nots > 0)); then
		say "$name" "FAILED ($nots of $((oks + nots)), exit $code): $log"
		grep -E '^[[:space:]]*not ok|^#  |expected|FAIL|ERROR|error:' "$log" | head -n 30 || true
		tail -n 12 "$log"
	else
		say "$name" "$oks passed"
	fi
}

# build NAME CMAKE_ARGUMENTS...
build() {
	local name=$1 dir=build/$1
	shift
	cmake -S . -B "$dir" -G Ninja -DOPENITEM_TESTS=ON -DOPENITEM_WERROR=ON "$@" >"$RESULTS/cmake-$name.log" 2>&1 &&
		ninja -C "$dir"
}

# The tool and the services with failpoints and mutants, and the simulation: not the tests, which the other builds have.
build_fault() {
	cmake -S . -B build/fault -G Ninja -DOPENITEM_TESTS=ON -DOPENITEM_WERROR=ON -DOPENITEM_FAULTS=ON -DCMAKE_BUILD_TYPE=Release \
		-DCMAKE_C_COMPILER=gcc >"$RESULTS/cmake-fault.log" 2>&1 &&
		ninja -C build/fault sim openitem openitem-{intake,billing,cash,collections,reporting}
}

# The last line of a suite, and its exit code.
verdict() {
	echo "$passed passed, $failed failed"
	((failed == 0))
}
