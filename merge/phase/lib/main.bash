# Runs one pkg_* function of a package; docs/phases.md says what it finds.
# Descriptor 3 takes records for portsolve, 4 gives its answers. All values come
# through files and descriptors; none is part of this text.

umask 022
# High numbers, because ebuilds use 3 and 4 themselves.
exec 198>&3 199<&4 3>&- 4<&-
export PORTSOLVE_MASTER=$$
# A die in a subshell must end this shell, too.
trap 'exit 1' USR1

source "${PORTSOLVE_PHASE_DIR}/lib/base.bash"
__portsolve_variables
# What the libraries define is not part of the environment that is saved.
__portsolve_own=" $(__portsolve_libraries; compgen -A function | tr '\n' ' ')"

# Function bodies were parsed with extglob when they were saved. portsolve ends
# the file with an assignment that is missed when bash gives up in the middle.
shopt -s extglob
source "${PORTSOLVE_PHASE_DIR}/environment"
shopt -u extglob
if [[ -z ${__portsolve_complete} ]]; then
	__portsolve_record broken ""
	exit 1
fi
IFS=$' \t\n'
if __portsolve_has env-unset; then
	for __portsolve_n in ${ENV_UNSET}; do
		unset -v "${__portsolve_n}"
	done
fi
# Again: what is ours wins over what the environment brought.
source "${PORTSOLVE_PHASE_DIR}/lib/base.bash"
__portsolve_variables
__portsolve_libraries
__portsolve_bash_version
if [[ -n ${PORTSOLVE_SAVE} && ! -e ${PORTSOLVE_PHASE_DIR}/environment.base ]]; then
	# What there was before the first phase.
	{
		declare -p
		__portsolve_functions
	} > "${PORTSOLVE_PHASE_DIR}/environment.base"
fi
if declare -F "pkg_${EBUILD_PHASE}" > /dev/null; then
	"pkg_${EBUILD_PHASE}"
fi
if [[ -n ${PORTSOLVE_SAVE} ]]; then
	{
		declare -p
		__portsolve_functions
	} > "${PORTSOLVE_PHASE_DIR}/environment.new"
fi
__portsolve_record done ""
exit 0
