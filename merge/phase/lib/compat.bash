# Names outside of PMS that functions in saved environments call, because
# Portage has them.

__vecho() {
	[[ -n ${PORTAGE_QUIET} ]] || echo "$@"
}

__helpers_die() { __portsolve_failed "$@"; }

__strip_duplicate_slashes() {
	local s=$1
	while [[ ${s} == *//* ]]; do
		s=${s//\/\//\/}
	done
	printf '%s\n' "${s}"
}

# They print the first match, or return false.
__hasg() {
	local pattern=$1 w
	shift
	for w in "$@"; do
		if [[ ${w} == ${pattern} ]]; then
			printf '%s\n' "${w}"
			return 0
		fi
	done
	return 1
}
__hasgq() { __hasg "$@" > /dev/null; }
hasg() { __hasg "$@"; }
hasgq() { __hasgq "$@"; }

# Hooks of the build: nothing to do for a phase that is not built.
register_die_hook() { :; }
register_success_hook() { :; }
