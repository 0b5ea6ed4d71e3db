# Failure (PMS 12.3.1, 12.3.6).

# __portsolve_stack prints who called whom, outermost first, down to the caller
# of the function that calls this one.
__portsolve_stack() {
	local i code file
	for ((i = ${#FUNCNAME[@]} - 1; i > 1; i--)); do
		file=${BASH_SOURCE[i]##*/}
		[[ ${BASH_SOURCE[i]} == "${PORTSOLVE_PHASE_DIR}/environment" ]] || continue
		code=()
		mapfile -t -s $((BASH_LINENO[i - 1] - 1)) -n 1 code < "${BASH_SOURCE[i]}"
		printf '  %s, line %s, in %s:\n      %s\n' "${file}" "${BASH_LINENO[i - 1]}" "${FUNCNAME[i]}" \
			"${code[0]#"${code[0]%%[![:space:]]*}"}"
	done
}

die() {
	local IFS=$' \t\n' stack
	if [[ $1 == -n ]] && __portsolve_has die-n; then
		shift
		if [[ -n ${PORTSOLVE_NONFATAL} ]]; then
			[[ $# -eq 0 ]] || __portsolve_say error BAD "$*"
			return 1
		fi
	fi
	stack=$(__portsolve_stack)
	__portsolve_plain error BAD "ERROR: ${CATEGORY}/${PF}${PORTAGE_REPO_NAME:+::${PORTAGE_REPO_NAME}} failed (${EBUILD_PHASE} phase):
  ${*:-(no error message)}
${stack:+
Call stack:
${stack}}"
	__portsolve_record die "${*:-(no error message)}"
	if [[ ${BASHPID} != "${PORTSOLVE_MASTER}" ]]; then
		kill -s USR1 "${PORTSOLVE_MASTER}"
	fi
	exit 1
}

# __portsolve_failed ends a helper that could not do its work: it aborts from
# EAPI 4, unless under nonfatal.
__portsolve_failed() {
	if __portsolve_has failure-dies && [[ -z ${PORTSOLVE_NONFATAL} ]]; then
		die "$@"
	fi
	__portsolve_say error BAD "$*"
	return 1
}

__portsolve_has nonfatal && nonfatal() {
	[[ $# -gt 0 ]] || die "nonfatal: no command given"
	local -x PORTSOLVE_NONFATAL=1
	"$@"
}

__portsolve_has assert && assert() {
	local status=("${PIPESTATUS[@]}") s IFS=$' \t\n'
	for s in "${status[@]}"; do
		[[ ${s} -eq 0 ]] || die "$@"
	done
}

__portsolve_has pipestatus && pipestatus() {
	local status=("${PIPESTATUS[@]}") s last=0 IFS=' '
	for s in "${status[@]}"; do
		[[ ${s} -eq 0 ]] || last=${s}
	done
	case $#:$1 in
	0:) ;;
	1:-v) printf '%s\n' "${status[*]}" ;;
	*) die "pipestatus: unknown arguments: $*" ;;
	esac
	return "${last}"
}

__portsolve_has edo && edo() {
	[[ $# -gt 0 ]] || die "edo: no command given"
	__portsolve_plain info GOOD "${*@Q}"
	"$@" || die -n "this command failed: $*"
}

# Banned commands abort (PMS 12.3.2); those that are programs do so there.
__portsolve_abort_banned() { die "${FUNCNAME[1]} is banned in EAPI ${EAPI:-0}"; }
__portsolve_bans assert && assert() { __portsolve_abort_banned; }
__portsolve_bans useq && useq() { __portsolve_abort_banned; }
__portsolve_bans hasq && hasq() { __portsolve_abort_banned; }
__portsolve_bans hasv && hasv() { __portsolve_abort_banned; }
:
