# Version commands (PMS 12.3.13), written from the algorithms of PMS 3.3.

# __portsolve_split sets parts: separator 0, component 1, separator 1, …
__portsolve_split() {
	local rest=$1 head='^([0-9]+|[A-Za-z]+)([^A-Za-z0-9]*)' LC_ALL=C
	parts=("${rest%%[A-Za-z0-9]*}")
	rest=${rest:${#parts[0]}}
	while [[ ${rest} =~ ${head} ]]; do
		parts+=("${BASH_REMATCH[1]}" "${BASH_REMATCH[2]}")
		rest=${rest:${#BASH_REMATCH[0]}}
	done
}

# __portsolve_range sets from and to of a range; last is what an open end means.
__portsolve_range() {
	local form='^([0-9]+)(-([0-9]*))?$' last=$2
	[[ $1 =~ ${form} ]] || die "invalid version range: $1"
	from=$((10#${BASH_REMATCH[1]}))
	if [[ -z ${BASH_REMATCH[2]} ]]; then
		to=${from}
	elif [[ -z ${BASH_REMATCH[3]} ]]; then
		to=$((last > from ? last : from))
	else
		to=$((10#${BASH_REMATCH[3]}))
	fi
	((from <= to)) || die "version range ends before it starts: $1"
}

__portsolve_has ver_cut && ver_cut() {
	local from to IFS=
	local -a parts
	[[ $# -eq 1 || $# -eq 2 ]] || die "ver_cut: a range and at most one version"
	__portsolve_split "${2-${PV}}"
	__portsolve_range "$1" $((${#parts[@]} / 2))
	((from == 0)) || from=$((2 * from - 1))
	((to = 2 * to, to > from)) || to=${from}
	printf '%s\n' "${parts[*]:from:to-from}"
}

__portsolve_has ver_rs && ver_rs() {
	local from to i last version=${PV} IFS=
	local -a parts
	[[ $# -ge 2 ]] || die "ver_rs: pairs of range and separator"
	(($# % 2 == 0)) || version=${!#}
	__portsolve_split "${version}"
	last=$((${#parts[@]} - 1))
	while [[ $# -ge 2 ]]; do
		__portsolve_range "$1" $((last / 2))
		for ((i = 2 * from; i <= 2 * to && i <= last; i += 2)); do
			# Before the first and after the last component only what is there counts.
			if [[ (${i} -eq 0 || ${i} -eq ${last}) && -z ${parts[i]} ]]; then
				continue
			fi
			parts[i]=$2
		done
		shift 2
	done
	printf '%s\n' "${parts[*]}"
}

# The comparisons set order to -1, 0 or 1.
__portsolve_text() {
	local LC_ALL=C
	order=0
	if [[ $1 < $2 ]]; then order=-1; elif [[ $1 > $2 ]]; then order=1; fi
}

# Of whole numbers of any length: without zeros before, the longer is greater.
__portsolve_number() {
	local a=${1#"${1%%[!0]*}"} b=${2#"${2%%[!0]*}"}
	if ((${#a} != ${#b})); then
		order=$((${#a} < ${#b} ? -1 : 1))
	else
		__portsolve_text "${a}" "${b}"
	fi
}

__portsolve_numbers() {
	local -a a b
	local i x y
	IFS=. read -r -a a <<< "$1"
	IFS=. read -r -a b <<< "$2"
	__portsolve_number "${a[0]}" "${b[0]}"
	for ((i = 1; order == 0 && i < ${#a[@]} && i < ${#b[@]}; i++)); do
		x=${a[i]} y=${b[i]}
		if [[ ${x} == 0* || ${y} == 0* ]]; then
			__portsolve_text "${x%"${x##*[!0]}"}" "${y%"${y##*[!0]}"}"
		else
			__portsolve_number "${x}" "${y}"
		fi
	done
	if ((order == 0 && ${#a[@]} != ${#b[@]})); then
		order=$((${#a[@]} < ${#b[@]} ? -1 : 1))
	fi
}

__portsolve_suffixes() {
	local -a a b
	local i x y ranks=' alpha beta pre rc p '
	IFS=_ read -r -a a <<< "$1"
	IFS=_ read -r -a b <<< "$2"
	order=0
	for ((i = 1; order == 0 && (i < ${#a[@]} || i < ${#b[@]}); i++)); do
		# A suffix against none: _p is newer than nothing, the others are older.
		if ((i >= ${#b[@]})); then
			[[ ${a[i]%%[0-9]*} == p ]] && order=1 || order=-1
		elif ((i >= ${#a[@]})); then
			[[ ${b[i]%%[0-9]*} == p ]] && order=-1 || order=1
		else
			x=${ranks%% "${a[i]%%[0-9]*}" *} y=${ranks%% "${b[i]%%[0-9]*}" *}
			if ((${#x} != ${#y})); then
				order=$((${#x} < ${#y} ? -1 : 1))
			else
				__portsolve_number "${a[i]##*[a-z]}" "${b[i]##*[a-z]}"
			fi
		fi
	done
}

__portsolve_compare() {
	local form='^([0-9]+(\.[0-9]+)*)([a-z]?)((_(alpha|beta|pre|rc|p)[0-9]*)*)(-r([0-9]+))?$' LC_ALL=C
	local -a a b
	[[ $1 =~ ${form} ]] || die "ver_test: not a version: $1"
	a=("${BASH_REMATCH[1]}" "${BASH_REMATCH[3]}" "${BASH_REMATCH[4]}" "${BASH_REMATCH[8]}")
	[[ $2 =~ ${form} ]] || die "ver_test: not a version: $2"
	b=("${BASH_REMATCH[1]}" "${BASH_REMATCH[3]}" "${BASH_REMATCH[4]}" "${BASH_REMATCH[8]}")
	__portsolve_numbers "${a[0]}" "${b[0]}"
	((order)) || __portsolve_text "${a[1]}" "${b[1]}"
	((order)) || __portsolve_suffixes "${a[2]}" "${b[2]}"
	((order)) || __portsolve_number "${a[3]}" "${b[3]}"
}

__portsolve_has ver_test && ver_test() {
	local order=0
	[[ $# -eq 2 ]] && set -- "${PVR}" "$@"
	[[ $# -eq 3 ]] || die "ver_test: two or three arguments, not $#"
	case $2 in
	-eq | -ne | -lt | -le | -gt | -ge) ;;
	*) die "ver_test: unknown operator: $2" ;;
	esac
	__portsolve_compare "$1" "$3"
	test "${order}" "$2" 0
}

__portsolve_has ver_replacing && ver_replacing() {
	local v IFS=$' \t\n'
	[[ $# -eq 2 ]] || die "ver_replacing: an operator and a version"
	for v in ${REPLACING_VERSIONS}; do
		ver_test "${v}" "$@" && return 0
	done
	return 1
}
