# Sandbox, debug and miscellaneous commands (PMS 12.3.3, 12.3.14, 12.3.15).

# There is no sandbox.
addread() { :; }
addwrite() { :; }
addpredict() { :; }
adddeny() { :; }

debug-print() { :; }
debug-print-function() { :; }
debug-print-section() { :; }

# Eclasses were read when the package was built; their functions are here.
inherit() { :; }
EXPORT_FUNCTIONS() { :; }

__portsolve_has get_libdir && get_libdir() {
	local variable="LIBDIR_${ABI}" dir=lib
	if [[ -n ${ABI} && -n ${!variable+set} ]]; then
		dir=${!variable}
	fi
	printf '%s\n' "${dir}"
}

__portsolve_has default && default() {
	die "default: there is no default_pkg_${EBUILD_PHASE}"
}

# What is not here may still come from an eclass, so it is no function of ours.
command_not_found_handle() {
	if [[ ${__portsolve_limited} == *" $1 "* ]]; then
		printf '%s: EAPI %s has no such command\n' "$1" "${EAPI:-0}" >&2
	elif __portsolve_bans "$1"; then
		die "$1 is banned in EAPI ${EAPI:-0}"
	elif [[ ${__portsolve_src} == *" $1 "* ]]; then
		die "$1 is for src_* functions; a binary package has only its pkg_* functions"
	else
		printf '%s: command not found\n' "$1" >&2
	fi
	return 127
}
