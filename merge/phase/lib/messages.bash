# Output commands (PMS 12.3.5). All go to standard error and to portsolve.

# __portsolve_plain class colour text: shows the text with a star before each
# line and hands it to portsolve.
__portsolve_plain() {
	local line IFS=$' \t\n'
	__portsolve_record "$1" "$3"
	if [[ -n ${PORTAGE_QUIET} && $1 == info ]]; then
		return 0
	fi
	while IFS= read -r line; do
		printf ' %s*%s %s\n' "${!2}" "${NORMAL}" "${line}" >&2
	done <<< "$3"
}

# __portsolve_say class colour words: as above, with escapes as in echo -e.
__portsolve_say() {
	local text class=$1 colour=$2 IFS=' '
	shift 2
	printf -v text %b "$*"
	__portsolve_plain "${class}" "${colour}" "${text}"
}

einfo() { __portsolve_say info GOOD "$@"; }
elog() { __portsolve_say log GOOD "$@"; }
ewarn() { __portsolve_say warn WARN "$@"; }
eerror() { __portsolve_say error BAD "$@"; }
# EAPI 7 has it; Portage has it in all of them.
eqawarn() { __portsolve_say qa WARN "$@"; }

einfon() {
	local text IFS=' '
	printf -v text %b "$*"
	__portsolve_record info "${text}"
	[[ -n ${PORTAGE_QUIET} ]] || printf ' %s*%s %s' "${GOOD}" "${NORMAL}" "${text}" >&2
}

ebegin() {
	local IFS=' '
	einfon "$* ..."
	[[ -n ${PORTAGE_QUIET} ]] || printf '\n' >&2
}

eend() {
	local status=${1:-0} IFS=' '
	[[ $# -eq 0 ]] || shift
	if [[ ${status} -eq 0 ]]; then
		[[ -n ${PORTAGE_QUIET} ]] || printf '   %s[ ok ]%s\n' "${GOOD}" "${NORMAL}" >&2
	else
		[[ $# -eq 0 ]] || eerror "$@"
		printf '   %s[ !! ]%s\n' "${BAD}" "${NORMAL}" >&2
	fi
	return "${status}"
}
