# USE and list functions (PMS 12.3.11, 12.3.12).

has() {
	local word=$1 w
	shift
	for w in "$@"; do
		[[ ${w} == "${word}" ]] && return 0
	done
	return 1
}

__portsolve_has hasq && hasq() { has "$@"; }
__portsolve_has hasv && hasv() {
	has "$@" && printf '%s\n' "$1"
}

# __portsolve_flag notes that the package may not ask for the flag, which then counts as
# disabled. It is no reason to leave a binary package half installed: it was built so, and
# nobody can change it. What is not recorded is not checked: old packages have no IUSE_EFFECTIVE.
__portsolve_flag() {
	local IFS=$' \t\n'
	if __portsolve_has strict-use && [[ -n ${IUSE_EFFECTIVE} ]]; then
		has "$1" ${IUSE_EFFECTIVE} || eqawarn "USE flag '$1' is not in IUSE of ${CATEGORY}/${PF}; it counts as disabled"
	fi
}

use() {
	local IFS=$' \t\n'
	[[ -n $1 ]] || die "use: no flag given"
	__portsolve_flag "${1#!}"
	if [[ $1 == !* ]]; then
		! has "${1#!}" ${USE}
	else
		has "$1" ${USE}
	fi
}

__portsolve_has useq && useq() { use "$@"; }

usev() {
	local text=${1#!}
	if [[ $# -gt 1 ]] && __portsolve_has usev-argument; then
		text=$2
	fi
	use "$1" && printf '%s\n' "${text}"
}

# __portsolve_option yes no flag [option [value]]
__portsolve_option() {
	local yes=$1 no=$2 value=
	shift 2
	[[ $# -gt 0 ]] || die "use_${yes}: no flag given"
	[[ $# -gt 1 || $1 != !* ]] || die "use_${yes}: $1 needs an option name"
	if [[ $# -gt 2 ]] && { [[ -n $3 ]] || __portsolve_has use-with-empty; }; then
		value="=$3"
	fi
	if use "$1"; then
		printf '%s\n' "--${yes}-${2:-$1}${value}"
	else
		printf '%s\n' "--${no}-${2:-${1#!}}"
	fi
}

# They return true whatever the flag is, as in Portage for EAPI 4 and later;
# PMS does not say.
use_with() { __portsolve_option with without "$@"; }
use_enable() { __portsolve_option enable disable "$@"; }

__portsolve_has usex && usex() {
	if use "$1"; then
		printf '%s\n' "${2-yes}$4"
	else
		printf '%s\n' "${3-no}$5"
	fi
}

__portsolve_has in_iuse && in_iuse() {
	local IFS=$' \t\n'
	[[ $# -eq 1 ]] || die "in_iuse: exactly one flag"
	has "$1" ${IUSE_EFFECTIVE} ${__portsolve_iuse}
}
