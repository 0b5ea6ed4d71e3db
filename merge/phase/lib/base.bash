# The ground the other files stand on. Sourced by main.bash and by the programs
# in PATH (external.bash).

# __portsolve_variables sets what portsolve decided: pairs of name and value,
# each ended by a NUL; an upper-case X before the name stands for exported.
__portsolve_variables() {
	local __portsolve_n __portsolve_v
	while IFS= read -r -d '' __portsolve_n && IFS= read -r -d '' __portsolve_v; do
		unset -v "${__portsolve_n#?}"
		printf -v "${__portsolve_n#?}" %s "${__portsolve_v}"
		if [[ ${__portsolve_n} == X* ]]; then
			export "${__portsolve_n#?}"
		fi
	done < "${PORTSOLVE_PHASE_DIR}/variables"
}

# __portsolve_has asks for a feature of the EAPI: a command, or a name of the
# table in eapi.go.
__portsolve_has() {
	[[ ${__portsolve_features} == *" $1 "* ]]
}

__portsolve_bans() {
	[[ ${__portsolve_banned} == *" $1 "* ]]
}

# __portsolve_libraries defines the commands.
__portsolve_libraries() {
	local name
	for name in failure messages use query versions misc compat; do
		source "${PORTSOLVE_PHASE_DIR}/lib/${name}.bash"
	done
}

# __portsolve_record tells portsolve something.
__portsolve_record() {
	printf '%s\0%s\0' "$1" "$2" >&198
}

# __portsolve_functions prints the functions that belong to the package.
__portsolve_functions() {
	local f
	while read -r f; do
		case ${f} in
		__portsolve_* | command_not_found_handle) continue ;;
		esac
		[[ ${__portsolve_own} == *" ${f} "* ]] || declare -f -- "${f}"
	done < <(compgen -A function)
}

# __portsolve_bash_version sets the compatibility level of the EAPI (PMS 6).
__portsolve_bash_version() {
	local major=${__portsolve_bash%.*} minor=${__portsolve_bash#*.}
	if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= major * 100 + minor)); then
		BASH_COMPAT=${__portsolve_bash}
		export -n BASH_COMPAT
	else
		__portsolve_say qa WARN "bash ${BASH_VERSINFO[0]}.${BASH_VERSINFO[1]} is older than ${__portsolve_bash}," \
			"which EAPI ${EAPI:-0} is written for"
	fi
}
