# Package manager queries (PMS 12.3.4), answered by portsolve.

# __portsolve_ask command arguments: sets answer in the caller.
__portsolve_ask() {
	local command=$1 where=r status
	shift
	case $1 in
	--host-root)
		__portsolve_has query-host-root || die "${command}: EAPI ${EAPI:-0} has no option $1"
		where=b
		shift
		;;
	-b | -d | -r)
		__portsolve_has query-by-dep || die "${command}: EAPI ${EAPI:-0} has no option $1"
		where=${1#-}
		shift
		;;
	-*) die "${command}: EAPI ${EAPI:-0} has no option $1" ;;
	esac
	[[ $# -eq 1 ]] || die "${command}: exactly one package dependency specification, not $#"
	__portsolve_record "${command}" "${where} $1"
	answer=
	IFS=' ' read -r -u 199 status answer || die "${command}: portsolve does not answer"
	[[ ${status} != 2 ]] || die "${command} $1: ${answer}"
	return "${status}"
}

has_version() {
	local answer
	__portsolve_ask has_version "$@"
}

best_version() {
	local answer status
	__portsolve_ask best_version "$@"
	status=$?
	printf '%s\n' "${answer}"
	return "${status}"
}
