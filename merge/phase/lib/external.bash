# The commands that are programs in PATH: sourced by each of them with its name
# and its arguments.

source "${PORTSOLVE_PHASE_DIR}/lib/base.bash"
__portsolve_variables
for __portsolve_file in failure messages query; do
	source "${PORTSOLVE_PHASE_DIR}/lib/${__portsolve_file}.bash"
done

# __portsolve_image checks that there is an image to work on, and sets image to
# it, without a slash at the end.
__portsolve_image() {
	[[ ${EBUILD_PHASE} == preinst ]] || die "$1 works on the image, which pkg_${EBUILD_PHASE} has none of"
	[[ $# -gt 1 ]] || die "$1: no file given"
	image=${D%/}
	[[ -z ${ED} ]] || image=${ED%/}
}

# __portsolve_change program arguments: options and the first other word are
# passed on, the rest are paths of the image.
__portsolve_change() {
	local program=$1 mode= a
	local -a words=()
	shift
	for a in "$@"; do
		if [[ -z ${mode} && ${a} =~ ^-[rwxXstugo,=+-]+$ ]]; then
			mode=1 # chmod -x file
		elif [[ ${a} == -* ]]; then
			:
		elif [[ -z ${mode} ]]; then
			mode=1
		else
			a=${image}/${a#/}
		fi
		words+=("${a}")
	done
	"${program}" "${words[@]}"
}

__portsolve_symlink() {
	local relative= target name
	if [[ $1 == -r ]] && __portsolve_has dosym-r; then
		relative=1
		shift
	fi
	[[ $# -eq 2 ]] || die "dosym: a target and a name, not $# arguments"
	target=$1 name=/${2#/}
	[[ ${name} != */ && ( ! -d ${image}${name} || -L ${image}${name} ) ]] || die "dosym: the name is a directory: $2"
	if [[ -n ${relative} ]]; then
		[[ ${target} == /* ]] || die "dosym -r: the target is not absolute: ${target}"
		target=$(realpath -m -s --relative-to="${name%/*}/" -- "${target}")
	fi
	mkdir -p -- "${image}${name%/*}" && ln -snf -- "${target}" "${image}${name}"
}

__portsolve_external() {
	local name=$1 image d IFS=$' \t\n'
	shift
	case ${name} in
	einfo | elog | ewarn | eqawarn | eerror | has_version | best_version | die)
		"${name}" "$@"
		return
		;;
	nonfatal)
		[[ $# -gt 0 ]] || die "nonfatal: no command given"
		PORTSOLVE_NONFATAL=1 exec "$@"
		;;
	fperms | fowners | dodir | keepdir | dosym) __portsolve_image "${name}" "$@" ;;
	esac
	case ${name} in
	fperms) __portsolve_change chmod "$@" ;;
	fowners) __portsolve_change chown "$@" ;;
	dodir) mkdir -p -- "${@/#/"${image}/"}" ;;
	keepdir)
		for d in "$@"; do
			mkdir -p -- "${image}/${d}" && : > "${image}/${d}/.keep_${CATEGORY}_${PN}-${SLOT%/*}" || return
		done
		;;
	dosym) __portsolve_symlink "$@" ;;
	esac || __portsolve_failed "${name} $* failed"
}

__portsolve_external "$@"
